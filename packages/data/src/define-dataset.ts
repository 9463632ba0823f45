import {
  checkInteger,
  type Dataset,
  type ImageShape,
  InvalidArgumentError,
  isSimclrError,
  type RawImage,
  UNLABELLED,
} from "@simclr/core";
import { checkImage } from "./checked-image.js";
import { type DatasetOpener, type DefinedDataset, definedDataset } from "./dataset-opener.js";
import { brokenImageError, checkIndex } from "./encoded-dataset.js";
import { fingerprintOf } from "./fingerprint.js";

/** A data set as a plain object: what `defineDataset` takes. */
export interface DatasetDefinition {
  /** For people. */
  readonly name: string;
  /** Number of images, >= 1. */
  readonly size: number;
  /** Gives image `index`: uint8 [H, W, C], row-major. It is called in any order, and several times at once. */
  readonly read: (index: number) => RawImage | Promise<RawImage>;
  /** The shape that all images share; every read is checked against it. */
  readonly imageShape?: ImageShape;
  /** Names of the classes. @defaultValue none */
  readonly classNames?: readonly string[];
  /** Class index of each image, -1 where it is not known. @defaultValue all unlabelled */
  readonly labels?: ArrayLike<number>;
  /** Must change when the images do. @defaultValue a hash of name, ids and labels, which cannot know the pixels */
  readonly fingerprint?: string;
  /** Name of an image. @defaultValue `name[index]` */
  readonly id?: (index: number) => string;
  readonly close?: () => void | Promise<void>;
}

/**
 * Makes a data set out of a plain object, checked: a wrong image is an error that names it. With `open`, it is the
 * definition of a kind of data set with options, which a configuration can name: see `DatasetOpener`.
 *
 * @example
 * export const stripes = defineDataset({
 *   name: "stripes",
 *   options: { count: 100 },
 *   open: ({ count }, { split }) => defineDataset({ name: `stripes (${split})`, size: count, read: (i) => draw(split, i) }),
 * });
 *
 * @throws InvalidArgumentError if the definition does not fit together.
 */
export function defineDataset<Options extends object>(opener: DatasetOpener<Options>): DefinedDataset<Options>;
export function defineDataset(definition: DatasetDefinition): Dataset;
export function defineDataset(definition: DatasetDefinition | DatasetOpener<object>): Dataset | DefinedDataset {
  return "open" in definition ? definedDataset(definition) : plainDataset(definition);
}

function plainDataset(definition: DatasetDefinition): Dataset {
  const { name, size, imageShape, classNames = [], labels: given, close } = definition;
  if (typeof name !== "string" || name === "") throw wrong("name", "a text that is not empty", name);
  checkInteger("defineDataset", { size }, 1);
  if (typeof definition.read !== "function") throw wrong("read", "a function of an index", definition.read);
  if (new Set(classNames).size !== classNames.length) throw wrong("classNames", "without duplicates", classNames);
  if (given !== undefined && given.length !== size)
    throw wrong("labels", `of length ${size}, like \`size\``, given.length);
  const labels = given === undefined ? new Int32Array(size).fill(UNLABELLED) : Int32Array.from(given);
  for (const [i, label] of labels.entries())
    if (given?.[i] !== undefined && (given[i] !== label || label < UNLABELLED || label >= classNames.length))
      throw wrong(`labels[${i}]`, `an integer in [-1, ${classNames.length})`, given[i]);
  const idOf = definition.id ?? ((index: number) => `${name}[${index}]`);
  return {
    name,
    size,
    imageShape,
    classNames,
    labels,
    fingerprint:
      definition.fingerprint ??
      fingerprintOf([name, ...Array.from({ length: size }, (_, i) => idOf(i)), ...classNames, labels]),
    id: (index) => idOf(checkIndex(name, index, size)),
    read: async (index) => {
      checkIndex(name, index, size);
      let image: RawImage;
      try {
        image = await definition.read(index);
      } catch (cause) {
        throw isSimclrError(cause) ? cause : brokenImageError(idOf(index), cause);
      }
      return checkImage(idOf(index), image, imageShape);
    },
    close: async () => close?.(),
  };
}

function wrong(name: string, expected: string, received: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`defineDataset: \`${name}\` must be ${expected}; received ${String(received)}.`, {
    subject: name,
    expected,
    received: String(received),
  });
}
