import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DataError, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { fromNumbers, inClassOrder } from "../class-labels.js";
import { decodedDataset } from "../decoded-dataset.js";
import type { OpenedDataset } from "../encoded-dataset.js";
import type { ResolvedOpenOptions } from "../open-options.js";
import { interleave } from "./planes.js";
import { RecordFile } from "./record-file.js";

const SIDE = 96;
const CHANNELS = 3;
const CLASSES = 10;
const PIXELS = "STL-10 images of 27,648 bytes";

/** Files of images, and of their labels where they have some. */
const PARTS: Readonly<Record<string, readonly { readonly pixels: string; readonly labels?: string }[]>> = {
  train: [{ pixels: "train_X.bin", labels: "train_y.bin" }],
  test: [{ pixels: "test_X.bin", labels: "test_y.bin" }],
  unlabelled: [{ pixels: "unlabeled_X.bin" }],
  "train+unlabelled": [{ pixels: "train_X.bin", labels: "train_y.bin" }, { pixels: "unlabeled_X.bin" }],
};

/** Whether a folder holds STL-10, by the names in it. */
export function isStl10(names: readonly string[]): boolean {
  return ["train_X.bin", "test_X.bin", "unlabeled_X.bin"].some((name) => names.includes(name));
}

/**
 * STL-10 in its binary version: 96×96, labels from 1 to 10, pixels channel by channel and column by column. Besides
 * "train" and "test" it has the split "unlabelled", and "train+unlabelled" for pretraining and few labels at once.
 *
 * @throws DataError if a file is missing or does not fit the others, or a label is no class.
 * @see https://cs.stanford.edu/~acoates/stl10/, "Data format"
 */
export async function readStl10(folder: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const parts = PARTS[options.split];
  if (parts === undefined)
    throw new InvalidArgumentError(
      `openDataset: STL-10 has the splits ${Object.keys(PARTS).join(", ")}; received \`split\` "${options.split}". Hold validation images apart with splitDataset.`,
      { subject: "split", received: options.split },
    );
  const files: RecordFile[] = [];
  const close = async (): Promise<void> => {
    for (const file of files.splice(0)) await file.close();
  };
  try {
    const found: { readonly file: RecordFile; readonly record: number }[] = [];
    const numbers: number[] = [];
    for (const { pixels, labels } of parts) {
      const file = await RecordFile.open(join(folder, pixels), SIDE * SIDE * CHANNELS, PIXELS);
      files.push(file);
      const ones = labels === undefined ? undefined : await readLabels(join(folder, labels), file);
      for (let record = 0; record < file.count; record++) {
        found.push({ file, record });
        numbers.push(ones === undefined ? UNLABELLED : ones[record]! - 1);
      }
    }
    const id = (index: number): string => `${basename(found[index]!.file.path)}[${found[index]!.record}]`;
    const names = await readNames(folder);
    const all = inClassOrder(fromNumbers(numbers, names, id), options.classNames, id);
    return decodedDataset(
      {
        name: folder,
        imageShape: { height: SIDE, width: SIDE, channels: CHANNELS },
        classes: { classNames: all.classNames, labels: all.labels.slice(0, options.limit) },
        identity: ["stl10", ...files.flatMap((file) => [basename(file.path), file.count])],
        id,
        read: async (index) => {
          const { file, record } = found[index]!;
          const data = interleave(await file.read(record), SIDE, SIDE, CHANNELS, { columnMajor: true });
          return { data, height: SIDE, width: SIDE, channels: CHANNELS };
        },
        close,
      },
      options,
    );
  } catch (error) {
    await close();
    throw error;
  }
}

/** Labels from 1 to 10, as many as images. */
async function readLabels(path: string, images: RecordFile): Promise<Uint8Array> {
  const file = await RecordFile.open(path, 1, "labels of one byte");
  try {
    const labels = await file.column(0);
    if (labels.length !== images.count)
      throw new DataError(
        `${path}: has ${labels.length} labels for the ${images.count} images of ${basename(images.path)}. Expected as many; unpack both files again.`,
        { subject: path, expected: String(images.count), received: String(labels.length) },
      );
    const wrong = labels.findIndex((label) => label < 1 || label > CLASSES);
    if (wrong >= 0)
      throw new DataError(
        `${path}: label ${wrong} is ${labels[wrong]}; expected 1 to ${CLASSES}. Unpack the file again.`,
        { subject: path, expected: `1 to ${CLASSES}`, received: String(labels[wrong]) },
      );
    return labels;
  } finally {
    await file.close();
  }
}

async function readNames(folder: string): Promise<string[]> {
  if (!(await readdir(folder)).includes("class_names.txt"))
    return Array.from({ length: CLASSES }, (_, i) => String(i + 1));
  const path = join(folder, "class_names.txt");
  const names = (await readFile(path, "utf8")).split("\n").map((line) => line.trim());
  const kept = names.filter((name) => name !== "");
  if (kept.length === CLASSES && new Set(kept).size === CLASSES) return kept;
  throw new DataError(
    `${path}: must hold ${CLASSES} different class names, one on each line; it has ${kept.length}. Unpack it again, or remove it to number the classes.`,
    { subject: path, expected: `${CLASSES} names`, received: String(kept.length) },
  );
}
