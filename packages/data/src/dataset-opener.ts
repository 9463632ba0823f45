import { checkOptions, type Dataset, InvalidArgumentError, markDefinition, UNLABELLED } from "@simclr/core";
import { checkImage } from "./checked-image.js";
import { checkIndex } from "./encoded-dataset.js";
import { fingerprintOf } from "./fingerprint.js";
import type { DatasetSplit } from "./open-options.js";

/** What surrounds a data set that is opened for a run. */
export interface DatasetContext {
  /** The part that is asked for; a data set without parts may ignore it. */
  readonly split: DatasetSplit;
  /** The folder that relative paths among the options start from, absolute. */
  readonly folder: string;
  /** Channels that the images should have; read as many, or say in an error that it cannot be. */
  readonly channels: number;
}

/** A kind of data set with options, as a configuration names it. */
export interface DatasetOpener<Options extends object> {
  /** Names the kind in configurations and messages. */
  readonly name: string;
  /** Every option with its default, as plain data that a configuration file can hold. */
  readonly options: Options;
  /** Throws if options of the right kind make no sense, such as a negative number of images. */
  readonly checkOptions?: (options: Options) => void;
  /**
   * Opens the images; nothing needs to be decoded yet.
   *
   * @param options - All of them: what the configuration gave over the defaults.
   * @returns What `defineDataset` makes of `size`, `read` and so on, or what `openDataset` opens. Given away.
   */
  open(options: Options, context: DatasetContext): Dataset | Promise<Dataset>;
}

/** A kind of data set that was checked when it was defined. */
export interface DefinedDataset<Options extends object = object> {
  readonly name: string;
  /** The defaults. */
  readonly options: Readonly<Options>;
  /**
   * The same kind with other defaults.
   *
   * @throws InvalidArgumentError if an option is unknown or of another kind than its default.
   */
  with(options: Partial<Options>): DefinedDataset<Options>;
  /**
   * Opens the images. Each image is checked when it is read; the fingerprint covers options and split too.
   *
   * @throws InvalidArgumentError if what is opened is no data set; whatever opening throws.
   */
  open(context: DatasetContext): Promise<Dataset>;
}

/** @param opener - What `defineDataset` was given. */
export function definedDataset<Options extends object>(opener: DatasetOpener<Options>): DefinedDataset<Options> {
  const { name } = opener;
  if (typeof name !== "string" || name === "") throw refused("`name`", "a text that is not empty", name);
  if (typeof opener.options !== "object" || opener.options === null)
    throw refused(
      `\`options\` of "${name}"`,
      "an object with the default of every option, {} for none",
      opener.options,
    );
  const withDefaults = (options: Readonly<Options>): DefinedDataset<Options> => {
    opener.checkOptions?.(options);
    const defined: DefinedDataset<Options> = {
      name,
      options,
      with(given) {
        checkOptions(`data set "${name}"`, given, options);
        return withDefaults(Object.freeze({ ...options, ...given }));
      },
      open: async (context) => checkedDataset(name, await opener.open(options, context), options, context),
    };
    return Object.freeze(markDefinition("dataset", defined));
  };
  return withDefaults(Object.freeze({ ...opener.options }));
}

/** The same data set, whose images are checked when they are read. */
function checkedDataset(kind: string, dataset: Dataset, options: object, { split }: DatasetContext): Dataset {
  const what = `what \`open\` of "${kind}" gives`;
  if (typeof dataset !== "object" || dataset === null) throw refused(what, "a data set", dataset);
  for (const method of ["read", "id", "close"] as const)
    if (typeof dataset[method] !== "function")
      throw refused(`\`${method}\` of ${what}`, "a function, as defineDataset makes it", dataset[method]);
  const { size, labels, classNames, imageShape, fingerprint } = dataset;
  if (!(Number.isInteger(size) && size >= 1)) throw refused(`\`size\` of ${what}`, "an integer >= 1", size);
  if (!(labels instanceof Int32Array) || labels.length !== size)
    throw refused(`\`labels\` of ${what}`, `an Int32Array of length ${size}, like \`size\``, labels);
  if (!Array.isArray(classNames)) throw refused(`\`classNames\` of ${what}`, "a list of names", classNames);
  const wrong = labels.find((label) => label < UNLABELLED || label >= classNames.length);
  if (wrong !== undefined)
    throw refused(`\`labels\` of ${what}`, `-1 or the index of one of ${classNames.length} classes`, wrong);
  return {
    ...dataset, // with what this package's own readers add
    ...{ name: dataset.name, size, labels, classNames, imageShape },
    id: (index) => dataset.id(checkIndex(dataset.name, index, size)),
    close: async () => dataset.close(),
    fingerprint: fingerprintOf([kind, JSON.stringify(options), split, String(fingerprint)]),
    read: async (index) => {
      checkIndex(dataset.name, index, size);
      return checkImage(dataset.id(index), await dataset.read(index), imageShape);
    },
  };
}

function refused(subject: string, expected: string, received: unknown): InvalidArgumentError {
  const shown = typeof received === "object" && received !== null ? received.constructor?.name : String(received);
  return new InvalidArgumentError(
    `defineDataset: ${subject} must be ${expected}; received ${shown}. Correct it where the data set is defined.`,
    { subject, expected, received: String(shown) },
  );
}
