import { InvalidArgumentError } from "@simclr/core";
import type { Augmentation } from "./augmentation.js";
import { channelDrop } from "./channel-drop.js";
import { clip } from "./clip.js";
import { colorJitter } from "./color-jitter.js";
import { compose } from "./compose.js";
import { centerCrop, randomResizedCrop } from "./crop.js";
import { equalize } from "./equalize.js";
import { flipLeftRight } from "./flip.js";
import { flipUpDown } from "./flip-up-down.js";
import { gaussianBlur } from "./gaussian-blur.js";
import { gaussianNoise } from "./gaussian-noise.js";
import { grayscale } from "./grayscale.js";
import { oneOf } from "./one-of.js";
import { posterize } from "./posterize.js";
import { quarterTurn } from "./quarter-turn.js";
import { randomApply } from "./random-apply.js";
import { randomErasing } from "./random-erasing.js";
import { randomOrder } from "./random-order.js";
import { rotate } from "./rotate.js";
import { solarize } from "./solarize.js";

/** What the value of an option is, as a configuration file holds it. */
export type OptionKind = "number" | "numbers" | "range" | "text" | "number or text" | "amounts";

/** An augmentation that a configuration can name, with its options as plain data. */
export interface NamedAugmentation {
  readonly name: string;
  /** The names of its options. */
  readonly optionNames: readonly string[];
  /** The option that holds augmentations, of a composition. */
  readonly stepsOption?: string;
  /**
   * @param options - Plain data, and built augmentations for `stepsOption`.
   * @throws InvalidArgumentError if an option is unknown, missing, of the wrong kind or out of its range.
   */
  with(options: Readonly<Record<string, unknown>>): Augmentation;
}

/** One kind for each option of a factory: the compiler knows when one is forgotten. */
type KindsOf<Options> = { readonly [K in keyof Options]-?: OptionKind };

const named = <Options extends object>(
  name: string,
  factory: (options: Options) => Augmentation,
  kinds: KindsOf<Options>,
): NamedAugmentation => ({
  name,
  optionNames: Object.keys(kinds),
  with: (options) => factory(checked<Options>(name, options, kinds)),
});

const composition = <Options extends object>(
  name: string,
  stepsOption: string,
  factory: (steps: readonly Augmentation[], options: Options) => Augmentation,
  kinds: KindsOf<Omit<Options, "name">>,
): NamedAugmentation => ({
  name,
  stepsOption,
  optionNames: [stepsOption, ...Object.keys(kinds)],
  with: ({ [stepsOption]: steps, ...options }) =>
    factory(steps as readonly Augmentation[], checked<Options>(name, options, kinds, [stepsOption])), // it checks the steps
});

const crop = { size: "number", kernel: "text" } as const;
const probability = { probability: "number" } as const;

/**
 * Every built-in augmentation by its name, with options as plain data: what a program that takes a recipe from a
 * configuration needs. Importing this table imports all of them.
 *
 * @example augmentations.colorJitter.with({ strength: 0.5 })
 */
export const augmentations = {
  randomResizedCrop: named("randomResizedCrop", randomResizedCrop, {
    ...crop,
    sampler: "text",
    area: "numbers",
    aspect: "numbers",
  }),
  centerCrop: named("centerCrop", centerCrop, { ...crop, fraction: "number" }),
  flipLeftRight: named("flipLeftRight", flipLeftRight, probability),
  flipUpDown: named("flipUpDown", flipUpDown, probability),
  quarterTurn: named("quarterTurn", quarterTurn, { ...probability, turns: "numbers" }),
  rotate: named("rotate", rotate, { ...probability, degrees: "range", fill: "number" }),
  colorJitter: named("colorJitter", colorJitter, {
    ...probability,
    strength: "number",
    brightness: "text",
    amounts: "amounts",
    order: "text",
  }),
  grayscale: named("grayscale", grayscale, probability),
  solarize: named("solarize", solarize, { ...probability, threshold: "range" }),
  posterize: named("posterize", posterize, { ...probability, bits: "range" }),
  equalize: named("equalize", equalize, probability),
  channelDrop: named("channelDrop", channelDrop, { ...probability, count: "number", fill: "number" }),
  gaussianBlur: named("gaussianBlur", gaussianBlur, {
    ...probability,
    sigma: "numbers",
    sigmaPer: "text",
    kernelSize: "number",
  }),
  gaussianNoise: named("gaussianNoise", gaussianNoise, { ...probability, sigma: "range" }),
  randomErasing: named("randomErasing", randomErasing, {
    ...probability,
    area: "range",
    aspect: "range",
    fill: "number or text",
  }),
  clip: named("clip", clip, {}),
  compose: composition("compose", "steps", compose, {}),
  oneOf: composition("oneOf", "choices", oneOf, { weights: "numbers" }),
  randomApply: composition("randomApply", "steps", randomApply, probability),
  randomOrder: composition("randomOrder", "steps", randomOrder, {}),
} as const satisfies Record<string, NamedAugmentation>;

const isNumber = (value: unknown): value is number => typeof value === "number" && !Number.isNaN(value);
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(isNumber);

/** For each kind, what it is called and what it holds. */
const KINDS: Readonly<Record<OptionKind, readonly [string, (value: unknown) => boolean]>> = {
  number: ["a number", isNumber],
  numbers: ["a list of numbers", isNumbers],
  range: [
    "a number or a range [low, high]",
    (value) => isNumber(value) || (isNumbers(value) && (value as number[]).length === 2),
  ],
  text: ["a text", (value) => typeof value === "string"],
  "number or text": ["a number or a text", (value) => isNumber(value) || typeof value === "string"],
  amounts: [
    "a table of numbers",
    (value) => typeof value === "object" && value !== null && Object.values(value).every(isNumber),
  ],
};

/** The options, each of them known and of its kind; their ranges are the factory's to check. */
function checked<Options>(
  name: string,
  options: Readonly<Record<string, unknown>>,
  kinds: Readonly<Record<string, OptionKind>>,
  others: readonly string[] = [],
): Options {
  for (const [option, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, option) ? kinds[option] : undefined;
    if (kind === undefined) {
      const known = [...others, ...Object.keys(kinds)];
      refuse(name, `unknown option \`${option}\``, known.length === 0 ? "none" : `one of ${known.join(", ")}`, option);
    }
    const [expected, fits] = KINDS[kind];
    if (!fits(value))
      refuse(name, `\`${option}\` must be ${expected}`, expected, JSON.stringify(value) ?? String(value));
  }
  return options as Options;
}

function refuse(name: string, problem: string, expected: string, received: string): never {
  const rest = problem.startsWith("unknown") ? `expected ${expected}` : `received ${received}`;
  throw new InvalidArgumentError(`augmentation "${name}": ${problem}; ${rest}. Correct or remove it.`, {
    subject: name,
    expected,
    received,
  });
}
