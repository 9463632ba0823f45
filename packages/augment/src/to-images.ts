import { InvalidArgumentError, type RawBatch } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Images as augmentations and encoders take them: bytes divided by 255, and nothing else; no mean, no deviation.
 *
 * @param batch - uint8 [N, H, W, C]. Only read.
 * @returns float32 [N, H, W, C] in [0, 1]. The caller disposes it.
 * @throws InvalidArgumentError if the data do not fit the shape.
 */
export function toImages(batch: Pick<RawBatch, "images" | "shape">): tf.Tensor4D {
  const { images, shape } = batch;
  const [batchSize, height, width, channels] = shape;
  const expected = batchSize * height * width * channels;
  if (images.length !== expected)
    throw new InvalidArgumentError(
      `toImages: \`batch.images\` must hold ${expected} bytes, as its shape [${shape.join(", ")}] says; received ${images.length}.`,
      { subject: "batch.images", expected: String(expected), received: String(images.length) },
    );
  return tf.tidy(() => tf.div(tf.tensor4d(new Float32Array(images), [batchSize, height, width, channels]), 255));
}
