import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DataError, InvalidArgumentError } from "@simclr/core";
import { fromNumbers, inClassOrder } from "../class-labels.js";
import { decodedDataset } from "../decoded-dataset.js";
import type { OpenedDataset } from "../encoded-dataset.js";
import type { ResolvedOpenOptions } from "../open-options.js";
import { interleave } from "./planes.js";
import { RecordFile } from "./record-file.js";

const SIDE = 32;
const CHANNELS = 3;
const PIXEL_BYTES = SIDE * SIDE * CHANNELS;

/** How the two sets differ. */
interface Variant {
  readonly title: string;
  /** Bytes of labels before the pixels; the last of them is the class. */
  readonly labelBytes: number;
  readonly classes: number;
  readonly namesFile: string;
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
}

const VARIANTS: Readonly<Record<"cifar10" | "cifar100", Variant>> = {
  cifar10: {
    title: "CIFAR-10",
    labelBytes: 1,
    classes: 10,
    namesFile: "batches.meta.txt",
    files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ["test_batch.bin"] },
  },
  cifar100: {
    title: "CIFAR-100",
    labelBytes: 2, // the coarse class, then the fine one
    classes: 100,
    namesFile: "fine_label_names.txt",
    files: { train: ["train.bin"], test: ["test.bin"] },
  },
};

/** Which of the two a folder holds by the names in it; undefined for neither. */
export function cifarVariant(names: readonly string[]): "cifar10" | "cifar100" | undefined {
  if (names.includes("data_batch_1.bin") || names.includes("test_batch.bin")) return "cifar10";
  if (names.includes("fine_label_names.txt") && (names.includes("train.bin") || names.includes("test.bin")))
    return "cifar100";
  return undefined;
}

/**
 * CIFAR-10 or CIFAR-100 in its binary version: the folder as it is unpacked, or one of its `.bin` files. Each record is
 * the class (CIFAR-100: the coarse one, then the fine one, which is used) and 32×32 red, green and blue bytes.
 *
 * @throws DataError if a file is missing or no whole number of records, or a label is no class.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version"
 */
export async function readCifar(
  path: string,
  kind: "cifar10" | "cifar100",
  options: ResolvedOpenOptions,
): Promise<OpenedDataset> {
  const { title, labelBytes, classes, namesFile, files: known } = VARIANTS[kind];
  const isFolder = (await stat(path)).isDirectory();
  const { split } = options;
  if (split !== "train" && split !== "test")
    throw new InvalidArgumentError(
      `openDataset: ${title} has the splits "train" and "test"; received \`split\` "${split}". Hold validation images apart with splitDataset.`,
      { subject: "split", expected: '"train" or "test"', received: split },
    );
  const paths = isFolder ? known[split].map((name) => join(path, name)) : [path];
  const recordBytes = labelBytes + PIXEL_BYTES;
  const files: RecordFile[] = [];
  const close = async (): Promise<void> => {
    for (const file of files.splice(0)) await file.close();
  };
  try {
    for (const file of paths)
      files.push(await RecordFile.open(file, recordBytes, `${title} images of ${recordBytes} bytes`));
    const found: { readonly file: RecordFile; readonly record: number }[] = [];
    const numbers: number[] = [];
    for (const file of files) {
      const labels = await file.column(labelBytes - 1);
      for (let record = 0; record < file.count; record++) {
        found.push({ file, record });
        numbers.push(labels[record]!);
      }
    }
    const id = (index: number): string => `${basename(found[index]!.file.path)}[${found[index]!.record}]`;
    const own = isFolder ? await classNamesOf(join(path, namesFile), classes) : undefined;
    const names = own ?? options.classNames ?? Array.from({ length: classes }, (_, i) => String(i));
    const all = inClassOrder(fromNumbers(numbers, names, id), own === undefined ? undefined : options.classNames, id);
    return decodedDataset(
      {
        name: path,
        imageShape: { height: SIDE, width: SIDE, channels: CHANNELS },
        classes: { classNames: all.classNames, labels: all.labels.slice(0, options.limit) },
        identity: [kind, ...files.flatMap((file) => [basename(file.path), file.count])],
        id,
        read: async (index) => {
          const { file, record } = found[index]!;
          const bytes = await file.read(record);
          const data = interleave(bytes.subarray(labelBytes), SIDE, SIDE, CHANNELS);
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

/** The names in the file that comes with the images; undefined if it is not there. */
async function classNamesOf(path: string, classes: number): Promise<string[] | undefined> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new DataError(`Cannot read the class names ${path}: ${cause.message}. Correct its permissions.`, {
      subject: path,
      cause,
    });
  });
  if (text === undefined) return undefined;
  const names = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (names.length === classes && new Set(names).size === classes) return names;
  throw new DataError(
    `${path}: must hold ${classes} different class names, one on each line; it has ${names.length} (${new Set(names).size} different). Unpack it again, or remove it to number the classes.`,
    { subject: path, expected: `${classes} names`, received: String(names.length) },
  );
}

/** The error for the version that Python wrote. */
export async function refusePickles(path: string): Promise<void> {
  const names = await readdir(path);
  if (!names.includes("data_batch_1") && !(names.includes("train") && names.includes("meta"))) return;
  const meta = await stat(join(path, names.includes("meta") ? "meta" : "data_batch_1"));
  if (!meta.isFile()) return;
  throw new DataError(
    `${path} holds CIFAR as Python's pickles, which run code when they are read. Expected the binary version (data_batch_1.bin, or train.bin and fine_label_names.txt); download that one instead.`,
    { subject: path, expected: "the binary version of CIFAR" },
  );
}
