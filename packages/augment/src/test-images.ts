import { Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Augmentation, AugmentationContext } from "./augmentation.js";
import type { DrawnParameters } from "./record.js";

/** Images of noise in [0, 1], the same ones at every call. */
export function noise(shape: [number, number, number, number]): tf.Tensor4D {
  const random = Random.fromSeed(23);
  const size = shape.reduce((a, b) => a * b);
  return tf.tensor4d(
    Float32Array.from({ length: size }, () => random.uniform()),
    shape,
  );
}

/** The same pixels in every image of a batch. */
export function repeat(batchSize: number, image: tf.Tensor4D): tf.Tensor4D {
  return tf.tile(image, [batchSize, 1, 1, 1]);
}

export function context(batchSize: number, seed = 1): AugmentationContext {
  const root = Random.fromSeed(seed);
  return { randoms: Array.from({ length: batchSize }, (_, i) => root.fork(i)), batchRandom: root.fork("batch") };
}

/** What an augmentation makes of a batch, one array per image. */
export function applied(augmentation: Augmentation, images: tf.Tensor4D, seed = 1): Float32Array[] {
  const result = tf.tidy(() => augmentation.apply(images, context(images.shape[0], seed)).dataSync() as Float32Array);
  const length = result.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) => result.subarray(i * length, (i + 1) * length));
}

/** What an augmentation makes of each image of a batch, and all that it and its steps say they drew for it. */
export function appliedAndDrawn(
  augmentation: Augmentation,
  images: tf.Tensor4D,
  seed = 1,
): { values: Float32Array; drawn: (DrawnParameters & { path: string })[] }[] {
  const drawn = Array.from({ length: images.shape[0] }, (): (DrawnParameters & { path: string })[] => []);
  const recorder: Augmentation = {
    name: augmentation.name,
    apply: (batch, given) =>
      augmentation.apply(batch, {
        ...given,
        record: (place, parameters, ...path) => drawn[place]!.push({ ...parameters, path: path.join("/") }),
      }),
  };
  return applied(recorder, images, seed).map((values, i) => ({ values, drawn: drawn[i]! }));
}
