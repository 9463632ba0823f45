import { checkInRange, checkInteger, InvalidArgumentError, type Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/** Squares of activations that are set to zero in training, to regularise bottlenecks. */
export interface DropBlockSettings {
  /** Share of the activations of each of the four groups that stay, in (0, 1]; 1 drops nothing. */
  readonly keepProbabilities: readonly [number, number, number, number];
  /** Side of a square, in places of the feature map; as large as the map where that is smaller. */
  readonly size: number;
}

/** @throws InvalidArgumentError for a probability outside (0, 1] or a size that is no integer >= 1. */
export function checkDropBlock(where: string, { keepProbabilities, size }: DropBlockSettings): void {
  const hint = "It is the share that stays.";
  if (keepProbabilities.length !== 4)
    throw new InvalidArgumentError(
      `${where}: \`keepProbabilities\` must hold one number for each of 4 groups; received ${keepProbabilities.length}. Give 1 to a group that drops nothing.`,
      { subject: "keepProbabilities", expected: "4", received: String(keepProbabilities.length) },
    );
  for (const keepProbability of keepProbabilities) checkInRange(where, { keepProbability }, Number.MIN_VALUE, 1, hint);
  checkInteger(where, { size }, 1);
}

/**
 * Sets squares of `x` to zero, each channel with squares of its own, and scales the rest so that its mean stays.
 *
 * @param x - float32 `[N, H, W, C]`. Not disposed.
 * @param keepProbability - In (0, 1].
 * @param random - Draws one number for each element.
 * @returns float32, like `x`; the caller disposes it.
 * @see Ghiasi et al. 2018, arXiv:1810.12890, Algorithm 1; the official code's version, whose squares lie inside the map
 */
export function dropBlock(x: tf.Tensor4D, keepProbability: number, size: number, random: Random): tf.Tensor4D {
  if (keepProbability === 1) return tf.clone(x);
  return tf.tidy(() => {
    const [, height, width] = x.shape;
    const side = Math.min(size, height, width);
    const centres = (height - side + 1) * (width - side + 1);
    const rate = ((1 - keepProbability) * height * width) / side ** 2 / centres;
    const seeds = tf.tensor4d(drawSeeds(x.shape, side, rate, random), x.shape);
    const isWhole = side === height && side === width;
    const dropped = isWhole ? tf.max(seeds, [1, 2], true) : tf.maxPool(seeds, side, 1, "same"); // 1 where dropped
    const kept = tf.sub(tf.onesLike(x), dropped); // [N, H, W, C]
    const share = tf.maximum(tf.mean(kept), 1 / x.size); // []
    return tf.div(tf.mul(x, kept), share) as tf.Tensor4D;
  });
}

/** 1 at the centre of every square to drop, else 0; squares lie inside the map. */
function drawSeeds(shape: readonly number[], side: number, rate: number, random: Random): Float32Array {
  const [count, height, width, channels] = shape as [number, number, number, number];
  const seeds = new Float32Array(count * height * width * channels);
  const inside = (at: number, length: number): boolean =>
    at >= Math.floor(side / 2) && at < length - Math.floor((side - 1) / 2);
  let i = 0;
  for (let image = 0; image < count; image++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const isCentre = inside(y, height) && inside(x, width);
        for (let c = 0; c < channels; c++, i++) if (random.uniform() < rate && isCentre) seeds[i] = 1;
      }
  return seeds;
}
