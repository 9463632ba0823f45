import { DataError, UNLABELLED } from "@simclr/core";
import { type ClassLabels, fromClasses, fromNumbers } from "./class-labels.js";

/** A class by name or by number. */
type LabelValue = string | number;

/** A text that lies beside the images of a shard. */
export interface ShardText {
  readonly name: string;
  readonly text: string;
}

/** Whether a member of a shard may hold the label of the images of its key. */
export function isLabelText(name: string): boolean {
  return /\.(cls|json)$/.test(name);
}

/** What the members of one sample share: the path up to the first dot of the file name. */
export function sampleKey(name: string): string {
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1);
  return dot < 0 ? name : name.slice(0, dot);
}

/**
 * The labels of a WebDataset shard by key: the text of `<key>.cls`, or what `<key>.json` has under `labelKey`.
 *
 * @param shard - Name of the shard, for messages.
 * @param labelKey - Key of the JSON objects; with `undefined` it is "label", and objects without it say nothing.
 * @throws DataError naming the member whose text cannot be used.
 * @see https://github.com/webdataset/webdataset, "The WebDataset Format"
 */
export function shardLabels(
  shard: string,
  texts: readonly ShardText[],
  labelKey: string | undefined,
): Map<string, LabelValue> {
  const labels = new Map<string, LabelValue>();
  for (const { name, text } of texts) {
    const key = sampleKey(name);
    if (name === `${key}.cls`) {
      const label = text.trim();
      if (label === "") throw bad(shard, name, "it is empty", "the number or the name of a class");
      labels.set(key, label);
    } else if (name === `${key}.json`) {
      const label = labelOfJson(shard, name, text, labelKey);
      if (label !== undefined && !labels.has(key)) labels.set(key, label);
    }
  }
  return labels;
}

/**
 * Labels as classes: numbered if all of them are whole numbers, by name otherwise.
 *
 * @param idOf - Name of an image, for messages.
 */
export function classesOfLabels(
  labels: readonly (LabelValue | undefined)[],
  classNames: readonly string[] | undefined,
  idOf: (index: number) => string,
): ClassLabels {
  const numbered = labels.every((label) => label === undefined || /^-?\d+$/.test(String(label)));
  if (!numbered) return fromClasses(labels.map((label) => (label === undefined ? undefined : String(label))));
  return fromNumbers(
    labels.map((label) => (label === undefined ? UNLABELLED : Number(label))),
    classNames,
    idOf,
  );
}

function labelOfJson(shard: string, name: string, text: string, labelKey: string | undefined): LabelValue | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad(shard, name, `it is not JSON (${(cause as Error).message})`, "an object with a label");
  }
  const key = labelKey ?? "label";
  const label = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (label === undefined || label === null) {
    if (labelKey === undefined || label === null) return undefined;
    throw bad(shard, name, `it has no "${key}"`, `an object with the key "${key}", null where the class is not known`);
  }
  if (typeof label === "string" && label !== "") return label;
  if (typeof label === "number") return label;
  throw bad(shard, name, `its "${key}" is ${JSON.stringify(label)}`, "the number or the name of a class");
}

function bad(shard: string, name: string, problem: string, expected: string): DataError {
  return new DataError(
    `${shard}:${name}: the label cannot be read: ${problem}. Expected ${expected}; correct the member.`,
    { subject: `${shard}:${name}`, expected },
  );
}
