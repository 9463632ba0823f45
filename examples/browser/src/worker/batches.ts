import { cropAndResizeHost, type ImageBatch, type Random } from "@simclr/core";
import type { BatchSource } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import type { Pictures } from "../messages.js";
import { countOf, pick, RESIZE } from "./pictures.js";

/** Batches of constant size in a new order every epoch; what does not fill a batch waits for the next epoch. */
export function batchesOf(pictures: Pictures, batchSize: number, random: Random): BatchSource<ImageBatch> {
  const { side } = pictures;
  const stepsPerEpoch = Math.floor(countOf(pictures) / batchSize);
  return {
    stepsPerEpoch,
    async *epoch(epoch, startStep) {
      const order = random.fork("order", epoch).permutation(countOf(pictures));
      for (let step = startStep; step < stepsPerEpoch; step++) {
        const indices = order.slice(step * batchSize, (step + 1) * batchSize);
        const { pixels, labels } = pick(pictures, [...indices]);
        yield { kind: "raw", images: pixels, shape: [batchSize, side, side, 3], labels, indices };
      }
    },
  };
}

/** All pictures in their order as float32 [N, size, size, 3] in [0, 1], in batches of at most `batchSize`. */
export function* imageTensors(pictures: Pictures, size: number, batchSize: number): Generator<tf.Tensor4D> {
  const { pixels, side, labels } = pictures;
  const whole = { top: 0, left: 0, height: side, width: side };
  const values = size * size * 3;
  for (let start = 0; start < labels.length; start += batchSize) {
    const count = Math.min(batchSize, labels.length - start);
    const batch = new Float32Array(count * values);
    for (let i = 0; i < count; i++) {
      const data = pixels.subarray((start + i) * side * side * 3, (start + i + 1) * side * side * 3);
      const into = batch.subarray(i * values, (i + 1) * values);
      cropAndResizeHost({ width: side, height: side, channels: 3, data }, whole, size, RESIZE, { into });
    }
    yield tf.tensor4d(batch, [count, size, size, 3]);
  }
}
