import { checkChoice, checkInRange, checkPositive, checkShape, InvalidArgumentError } from "@simclr/core";
import { COLOR_OPERATIONS, colorJitter as jitterColors } from "@simclr/ops";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import type { DrawnParameters } from "./record.js";

/** The four operations in the order of their numbers, which is also the reference's fixed order. */
const OPERATIONS = ["brightness", "contrast", "saturation", "hue"] as const;
type Operation = (typeof OPERATIONS)[number];

export interface ColorJitterAugmentationOptions {
  /** s, which multiplies all four amounts; 1 for ImageNet, 0.5 for CIFAR. @defaultValue 1 */
  readonly strength?: number;
  /** Chance that an image is jittered at all, in [0, 1]. @defaultValue 0.8 */
  readonly probability?: number;
  /** Brightness multiplies, as in SimCLRv2, or adds, as in SimCLR. @defaultValue "multiplicative" */
  readonly brightness?: "multiplicative" | "additive";
  /** Half-widths a of the ranges at strength 1. @defaultValue 0.8, 0.8, 0.8 and, in full turns, 0.2 */
  readonly amounts?: Partial<Readonly<Record<Operation, number>>>;
  /** A fresh order for each view of each image, or always brightness, contrast, saturation, hue. @defaultValue "random" */
  readonly order?: "random" | "fixed";
}

/**
 * Brightness, contrast, saturation and hue in random order, with a clip to [0, 1] after each.
 *
 * With a an amount times the strength: brightness is x * U[max(1 - a, 0), 1 + a] or x + U[-a, a], contrast and
 * saturation U[1 - a, 1 + a], hue U[-a, a] full turns. An operation whose amount is 0 is skipped.
 *
 * Needs RGB. Records `applied`, the `order` of the operations, and under the name of each its factor.
 *
 * @throws InvalidArgumentError if a range would leave what the operation can take; from `apply` if images are not RGB.
 * @see simclr/data_util.py, `color_jitter` and `random_color_jitter`; `colorJitter` of `@simclr/ops`
 */
export function colorJitter(options: ColorJitterAugmentationOptions = {}): Augmentation {
  const { strength = 1, probability = 0.8, brightness = "multiplicative", order = "random" } = options;
  checkInRange("colorJitter", { probability }, 0, 1);
  checkChoice("colorJitter", { brightness }, ["multiplicative", "additive"]);
  checkChoice("colorJitter", { order }, ["random", "fixed"]);
  if (strength !== 0) checkPositive("colorJitter", { strength });
  const amounts = { brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2, ...options.amounts };
  const halfWidths = OPERATIONS.map((operation) => halfWidth(operation, amounts[operation], strength));
  const centre = [brightness === "additive" ? 0 : 1, 1, 1, 0];
  return defineAugmentation({
    name: "colorJitter",
    apply: (images, { randoms, record }) => {
      checkShape(
        "colorJitter",
        { images },
        [null, null, null, 3],
        "Decode images as RGB, or take colorJitter and grayscale out of the recipe.",
      );
      const factors = new Float32Array(4 * randoms.length);
      const orders = new Int32Array(4 * randoms.length).fill(COLOR_OPERATIONS.skip);
      for (const [i, random] of randoms.entries()) {
        if (!random.bernoulli(probability)) {
          record?.(i, { applied: false });
          continue;
        }
        for (let operation = 0; operation < 4; operation++) {
          const middle = centre[operation]!;
          const width = halfWidths[operation]!;
          const low = operation === 0 && middle === 1 ? Math.max(1 - width, 0) : middle - width;
          factors[4 * i + operation] = random.uniform(low, middle + width);
        }
        const turn = order === "random" ? random.permutation(4) : [0, 1, 2, 3];
        for (let place = 0; place < 4; place++) if (halfWidths[turn[place]!]! > 0) orders[4 * i + place] = turn[place]!;
        record?.(i, recorded(factors.subarray(4 * i, 4 * i + 4), orders.subarray(4 * i, 4 * i + 4)));
      }
      return jitterColors(images, { factors, order: orders, brightness });
    },
  });
}

/** The operations in the order in which they come, with the factor of each. */
function recorded(factors: Float32Array, order: Int32Array): DrawnParameters {
  const done = [...order].filter((operation) => operation !== COLOR_OPERATIONS.skip);
  const amounts = done.map((operation) => [OPERATIONS[operation]!, factors[operation]!]);
  return {
    applied: true,
    order: done.map((operation) => OPERATIONS[operation]!),
    ...(Object.fromEntries(amounts) as Record<Operation, number>),
  };
}

function halfWidth(operation: Operation, amount: number, strength: number): number {
  const width = amount * strength;
  const limit = { brightness: Number.MAX_VALUE, contrast: 1, saturation: 1, hue: 0.5 }[operation];
  if (width >= 0 && width <= limit) return width;
  const expected = operation === "brightness" ? ">= 0" : `in [0, ${limit}]`;
  throw new InvalidArgumentError(
    `colorJitter: the amount of ${operation} times \`strength\` must be ${expected}; received ${amount} * ${strength} = ${width}. Lower one of them.`,
    { subject: operation, expected, received: String(width) },
  );
}
