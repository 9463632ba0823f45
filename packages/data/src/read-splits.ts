import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DataError } from "@simclr/core";
import { fromClasses, inClassOrder, labelsFromPaths } from "./class-labels.js";
import type { OpenedDataset } from "./encoded-dataset.js";
import { folderDataset } from "./folder-dataset.js";
import { listFiles } from "./folder-files.js";
import { byCodeUnit, IMAGE_EXTENSIONS, isHidden, isImageName } from "./image-names.js";
import { didYouMean, nearMatches } from "./near-matches.js";
import type { DatasetSplit, ResolvedOpenOptions } from "./open-options.js";

/** What the folders of a split may be called. */
const FOLDERS: Readonly<Record<DatasetSplit, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["val", "valid", "validation"],
  test: ["test", "testing"],
  unlabelled: ["unlabelled", "unlabeled"],
  "train+unlabelled": [],
};

/** Files that say the classes of a flat validation folder, beside it or in it. */
const CLASS_FILES = [
  "val_annotations.txt", // Tiny ImageNet: name, synset, box
  "LOC_val_solution.csv", // Kaggle's ImageNet: ImageId,PredictionString
  "imagenet_2012_validation_synset_labels.txt", // TensorFlow's: a synset for each image, in the order of their names
];

/** Which split a folder is by its name; undefined for any other. */
export function splitOfFolder(name: string): DatasetSplit | undefined {
  return (Object.keys(FOLDERS) as DatasetSplit[]).find((split) => FOLDERS[split].includes(name.toLowerCase()));
}

/**
 * One split of a folder of splits, such as ImageNet as it is unpacked: `train/<class>/…`, and `val/` with class folders
 * or flat, with a file that says the classes. Classes are those of `train/` in every split, so that indices agree.
 */
export async function readSplits(root: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const names = (await readdir(root)).filter((name) => !isHidden(name)).sort(byCodeUnit);
  const found = names.find((name) => FOLDERS[options.split].includes(name.toLowerCase()));
  if (found === undefined) {
    const others = names.filter((name) => splitOfFolder(name) !== undefined);
    throw new DataError(
      `${root}: no folder for the split "${options.split}" (${FOLDERS[options.split].join(", ") || "none"}); found ${others.join(", ") || "no folders of splits"}. Choose another \`split\`, or give the path of one of its folders.`,
      { subject: root, expected: FOLDERS[options.split].join(" or ") },
    );
  }
  const folder = join(root, found);
  const files = await listFiles(folder);
  const images = files.filter(({ name }) => isImageName(name));
  const others = files.filter(({ name }) => !isImageName(name)).map(({ name }) => name);
  if (images.length === 0)
    throw new DataError(
      `No images in ${folder}: expected <class>/<name>.jpg or images side by side (${IMAGE_EXTENSIONS}); found ${others.length} other files.`,
      { subject: folder, expected: "images" },
    );
  const imageNames = images.map(({ name }) => name);
  const classFile = options.labels ?? (await findClassFile(root, folder));
  const classes =
    classFile === undefined
      ? options.split === "unlabelled"
        ? fromClasses(imageNames.map(() => undefined))
        : labelsFromPaths(imageNames, folder)
      : fromClasses(await readClassFile(classFile, imageNames));
  const classNames = options.classNames ?? (await trainClasses(root, names));
  const fixed = inClassOrder(classes, classNames, (index) => `${found}/${imageNames[index]!}`);
  return folderDataset(
    folder,
    images,
    fixed,
    others.filter((name) => !CLASS_FILES.includes(basename(name))),
    options,
  );
}

/** The class folders of `train/`; undefined if there is none. */
async function trainClasses(root: string, names: readonly string[]): Promise<string[] | undefined> {
  const train = names.find((name) => splitOfFolder(name) === "train");
  if (train === undefined) return undefined;
  const entries = await readdir(join(root, train), { withFileTypes: true });
  const folders = entries.filter((entry) => !isHidden(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()));
  return folders.length === 0 ? undefined : folders.map(({ name }) => name).sort(byCodeUnit);
}

async function findClassFile(root: string, folder: string): Promise<string | undefined> {
  if (splitOfFolder(basename(folder)) === "train") return undefined;
  for (const place of [folder, root]) {
    const names = await readdir(place);
    const name = CLASS_FILES.find((each) => names.includes(each));
    if (name !== undefined) return join(place, name);
  }
  return undefined;
}

/** The class of each image, from any of the files that ImageNet is handed out with. */
async function readClassFile(path: string, names: readonly string[]): Promise<(string | undefined)[]> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new DataError(`Cannot read the classes ${path}: ${cause.message}. Correct the path.`, {
      subject: path,
      cause,
    });
  });
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  if (lines.every((line) => /^\S+$/.test(line)) && !lines[0]?.includes(",")) return inOrder(path, lines, names);
  const indices = new Map(names.map((name, i) => [stem(name), i]));
  const classes = new Array<string | undefined>(names.length).fill(undefined);
  for (const [i, line] of lines.entries()) {
    if (i === 0 && line.startsWith("ImageId,")) continue;
    const [file = "", label = ""] = line.split(/[\t, ]+/);
    const index = indices.get(stem(file));
    if (index === undefined || label === "")
      throw new DataError(
        `${path}:${i + 1}: ${label === "" ? "has no class behind the name of the image" : `names "${file}", which is not an image of this split.${didYouMean(nearMatches(stem(file), [...indices.keys()].slice(0, 1000)))}`} Correct or remove the line.`,
        { subject: `${path}:${i + 1}` },
      );
    classes[index] = label;
  }
  return classes;
}

/** A class on each line, for the images in the order of their names. */
function inOrder(path: string, lines: readonly string[], names: readonly string[]): string[] {
  if (lines.length === names.length) return [...lines];
  throw new DataError(
    `${path}: has ${lines.length} lines, a class on each, for ${names.length} images. Expected as many classes as images; complete the folder or the file.`,
    { subject: path, expected: `${names.length} lines`, received: String(lines.length) },
  );
}

const stem = (name: string): string => basename(name).replace(/\.[^.]*$/, "");
