import { InvalidArgumentError, type Random } from "@simclr/core";
import { mapImageGroups } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { AugmentationContext } from "./augmentation.js";
import type { DrawnParameters } from "./record.js";

/** One number for all images, or the closed range [low, high] from which each image draws its own, evenly. */
export type ParameterRange = number | readonly [number, number];

/**
 * A range as its two ends.
 *
 * @throws InvalidArgumentError unless low <= high, both within [minimum, maximum].
 */
export function rangeOf(
  where: string,
  argument: Readonly<Record<string, ParameterRange>>,
  minimum: number,
  maximum: number,
  hint = "",
): readonly [number, number] {
  const [[name, range] = ["", 0]] = Object.entries(argument);
  const [low, high] = typeof range === "number" ? [range, range] : range;
  if (low >= minimum && low <= high && high <= maximum && Number.isFinite(low) && Number.isFinite(high))
    return [low, high];
  const limits = Number.isFinite(maximum) ? `within [${minimum}, ${maximum}]` : `>= ${minimum}`;
  const expected = `a number or a range [low, high] ${limits}`;
  const received = typeof range === "number" ? String(range) : `[${low}, ${high}]`;
  throw new InvalidArgumentError(
    `${where}: \`${name}\` must be ${expected}; received ${received}.${hint && ` ${hint}`}`,
    { subject: name, expected, received },
  );
}

/**
 * Draws the parameters of each image that is chosen with the given probability, and records them.
 *
 * @param draw - Is called once per chosen image, with its stream; may return undefined to leave the image alone.
 * @returns One entry per image, undefined where an image stays as it is.
 */
export function drawEach<P extends DrawnParameters>(
  { randoms, record }: AugmentationContext,
  probability: number,
  draw: (random: Random) => P | undefined,
): (P | undefined)[] {
  return randoms.map((random, place) => {
    const drawn = random.bernoulli(probability) ? draw(random) : undefined;
    record?.(place, drawn === undefined ? { applied: false } : { applied: true, ...drawn });
    return drawn;
  });
}

/**
 * Changes the images for which something was drawn, and leaves the others as they are, to the last bit.
 *
 * @param map - Gets the images that change, [n, H, W, C], what was drawn for each and their places in the batch.
 * @returns [N, H, W, C]. The caller disposes it.
 */
export function mapDrawn<P>(
  images: tf.Tensor4D,
  drawn: readonly (P | undefined)[],
  map: (images: tf.Tensor4D, drawn: readonly P[], places: readonly number[]) => tf.Tensor4D,
): tf.Tensor4D {
  const isDrawn = drawn.map((parameters) => Number(parameters !== undefined));
  return mapImageGroups(images, isDrawn, (group, changes, places) =>
    changes === 0
      ? group
      : map(
          group,
          places.map((place) => drawn[place]!),
          places,
        ),
  );
}

/** A number per image, to be broadcast over its pixels: float32 [N, 1, 1, 1]. */
export function perImage(values: readonly number[]): tf.Tensor4D {
  return tf.tensor4d([...values], [values.length, 1, 1, 1], "float32");
}
