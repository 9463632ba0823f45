import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure, packTar, picture, temporaryFolder, writeTree } from "../test/files.js";
import { keepListedLabels } from "./keep-listed-labels.js";
import { openDataset } from "./open-dataset.js";

const root = temporaryFolder();
const image = await picture([200, 10, 20]);
const names = [
  "n01440764/n01440764_10026.JPEG",
  "n01440764/n01440764_1.JPEG",
  "n01443537/n01443537_7.JPEG",
  "n01443537/x.JPEG",
];
const folder = writeTree(join(root, "train"), {
  ...Object.fromEntries(names.map((name) => [name, image])),
  "n01440764/x.JPEG": image,
  "loose.JPEG": image,
});
const list = (name: string, text: string): string => join(writeTree(root, { [name]: text }), name);
// Sorted: loose.JPEG, then the classes.
const official = list("1percent.txt", "n01440764_10026.JPEG\nn01443537_7.JPEG\n");

describe("keepListedLabels", () => {
  it("reads the lists of the reference, for folders and for archives", async () => {
    const dataset = await openDataset(folder);
    const few = await keepListedLabels(dataset, official);
    const kept = Array.from({ length: few.size }, (_, i) => (few.labels[i]! < 0 ? "" : few.id(i))).filter(
      (id) => id !== "",
    );
    expect(kept).toEqual([names[0], names[2]]);
    expect([few.size, few.classNames]).toEqual([6, ["n01440764", "n01443537"]]);
    const archive = await openDataset(packTar(join(root, "train.tar"), folder, ["n01440764", "n01443537"]));
    const inArchive = await keepListedLabels(archive, official);
    expect([...inArchive.labels].filter((label) => label >= 0).sort()).toEqual([0, 1]);
    expect(few.fingerprint).not.toBe(dataset.fingerprint);
    await archive.close();
  });

  it("says the line that fits no image, several, or an unlabelled one", async () => {
    const dataset = await openDataset(folder);
    const refuse = (text: string) => failure(keepListedLabels(dataset, list("x.txt", text)));
    const at = join(root, "x.txt");
    expect(await refuse("n01440764_10026.JPEG\n\nn01443537_8.JPEG")).toBe(
      `${at}:3: names "n01443537_8.JPEG", which is not an image of ${folder}. Did you mean "n01443537_7.JPEG"? Correct or remove the line.`,
    );
    expect(await refuse("x.JPEG")).toBe(
      `${at}:1: "x.JPEG" could be n01440764/x.JPEG or n01443537/x.JPEG. Write enough of the folders in front to tell them apart.`,
    );
    expect((await keepListedLabels(dataset, list("y.txt", "n01440764/x.JPEG\r\nn01443537/x.JPEG\r\n"))).size).toBe(6);
    expect(await refuse("4/x.JPEG")).toContain('names "4/x.JPEG", which is not an image');
    expect(await refuse("loose.JPEG")).toContain(':1: "loose.JPEG" is an image without a label');
    expect(await refuse("n01443537_7.JPEG\nn01443537_7.JPEG")).toContain(
      ':2: "n01443537_7.JPEG" was listed before, on line 1.',
    );
  });

  it("refuses lists that leave a class without a label, or cannot be read", async () => {
    const dataset = await openDataset(folder);
    expect(await failure(keepListedLabels(dataset, list("one.txt", "n01443537_7.JPEG")))).toContain(
      'one.txt: leaves the class "n01440764" without a label. Expected at least one image of each of the 2 classes',
    );
    expect(await failure(keepListedLabels(dataset, list("none.txt", "\n")))).toContain("none.txt: lists no images.");
    expect(await failure(keepListedLabels(dataset, join(root, "gone.txt")))).toContain(
      "Cannot read the list of labelled images",
    );
  });
});
