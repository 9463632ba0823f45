import {
  checkInteger,
  DataError,
  type Dataset,
  type ImageShape,
  InvalidArgumentError,
  isSimclrError,
  type RawImage,
  UNLABELLED,
} from "@simclr/core";
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
 * Makes a data set out of a plain object, checked: a wrong image is an error that names it.
 *
 * @throws InvalidArgumentError if the definition does not fit together.
 */
export function defineDataset(definition: DatasetDefinition): Dataset {
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

function checkImage(id: string, image: RawImage, expected: ImageShape | undefined): RawImage {
  const { data, height, width, channels } = image;
  const sizes = [height, width, channels];
  const bytes = height * width * channels;
  if (!(data instanceof Uint8Array) || !sizes.every((n) => Number.isInteger(n) && n >= 1) || data.length !== bytes)
    throw new DataError(
      `The image ${id} must be { data, height, width, channels } with a Uint8Array of height * width * channels bytes; received ${data?.constructor?.name ?? typeof data} of ${data?.length} for [${sizes.join(", ")}]. Correct \`read\`.`,
      { subject: id, expected: `${bytes} bytes`, received: String(data?.length) },
    );
  if (expected === undefined) return image;
  if (height !== expected.height || width !== expected.width || channels !== expected.channels)
    throw new DataError(
      `The image ${id} must have shape [${expected.height}, ${expected.width}, ${expected.channels}], the data set's \`imageShape\`; received [${sizes.join(", ")}]. Leave imageShape out if sizes differ.`,
      { subject: id, received: `[${sizes.join(", ")}]` },
    );
  return image;
}

function wrong(name: string, expected: string, received: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`defineDataset: \`${name}\` must be ${expected}; received ${String(received)}.`, {
    subject: name,
    expected,
    received: String(received),
  });
}
