import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure, picture, temporaryFolder, writeTree } from "../test/files.js";
import { openDataset } from "./open-dataset.js";

const root = temporaryFolder();
const image = await picture([200, 10, 20]);
const train = {
  "train/n01440764/n01440764_10026.JPEG": image,
  "train/n01443537/n01443537_1.JPEG": image,
  "train/n02085620/n02085620_7.JPEG": image,
};
const synsets = ["n01440764", "n01443537", "n02085620"];
const val = (name: string): string => `val/ILSVRC2012_val_0000000${name}.JPEG`;
const flat = { [val("1")]: image, [val("2")]: image, [val("3")]: image };

describe("a folder of splits, such as ImageNet", () => {
  it("has its classes from train/ in every split", async () => {
    const folder = writeTree(join(root, "class-folders"), {
      ...train,
      "val/n02085620/x.JPEG": image,
      "test/a.JPEG": image,
    });
    const training = await openDataset(folder);
    expect([training.classNames, [...training.labels]]).toEqual([synsets, [0, 1, 2]]);
    expect(training.id(0)).toBe("n01440764/n01440764_10026.JPEG");
    const validation = await openDataset(folder, { split: "validation" });
    expect([validation.classNames, [...validation.labels]]).toEqual([synsets, [2]]);
    const test = await openDataset(folder, { split: "test" });
    expect([...test.labels]).toEqual([-1]);
    expect(await failure(openDataset(folder, { split: "unlabelled" }))).toContain(
      'no folder for the split "unlabelled" (unlabelled, unlabeled); found test, train, val.',
    );
  });

  it.each([
    ["val/val_annotations.txt", "", "\tn02085620\t0\t0\t62\t62", "\tn01440764\t1\t2\t3\t4"], // Tiny ImageNet's
    [
      "LOC_val_solution.csv",
      "ImageId,PredictionString\n",
      ",n02085620 1 2 3 4 n02085620 5 6 7 8 ",
      ",n01440764 1 2 3 4 ",
    ],
  ])("reads the classes of a flat val/ from %s", async (file, header, last, first) => {
    const names = Object.keys(flat).map((name) => name.slice(4));
    const strip = file.endsWith(".csv") ? (name: string) => name.replace(".JPEG", "") : (name: string) => name;
    const text = `${header}${strip(names[2]!)}${last}\n${strip(names[0]!)}${first}\n`;
    const folder = writeTree(join(root, file.replaceAll("/", "-")), { ...train, ...flat, [file]: text });
    const dataset = await openDataset(folder, { split: "validation" });
    expect([[...dataset.labels], dataset.ignored]).toEqual([[0, -1, 2], []]);
  });

  it("reads them from a list in the order of the names, and from a file that `labels` names", async () => {
    const name = "imagenet_2012_validation_synset_labels.txt";
    const folder = writeTree(join(root, "ordered"), { ...train, ...flat, [name]: "n01443537\nn02085620\nn01440764\n" });
    expect([...(await openDataset(folder, { split: "validation" })).labels]).toEqual([1, 2, 0]);
    writeTree(folder, { [name]: "n01443537\nn02085620\n", "own.txt": `${val("2").slice(4)}\tn01443537\n` });
    expect(await failure(openDataset(folder, { split: "validation" }))).toContain(
      "has 2 lines, a class on each, for 3 images.",
    );
    const own = await openDataset(folder, { split: "validation", labels: join(folder, "own.txt") });
    expect([...own.labels]).toEqual([-1, 1, -1]);
    writeTree(folder, { "own.txt": "other.JPEG\tn01443537\n" });
    expect(await failure(openDataset(folder, { split: "validation", labels: join(folder, "own.txt") }))).toContain(
      'own.txt:1: names "other.JPEG", which is not an image of this split.',
    );
    writeTree(folder, { [name]: "n01443537\nn02085620\nn09999999\n" });
    expect(await failure(openDataset(folder, { split: "validation" }))).toContain(
      'its class "n09999999" is not among the 3 `classNames`.',
    );
  });

  it("is not seen in class folders that happen to be called train", async () => {
    const folder = writeTree(join(root, "vehicles"), { "train/a.png": image, "bus/b.png": image });
    expect((await openDataset(folder)).classNames).toEqual(["bus", "train"]);
  });
});
