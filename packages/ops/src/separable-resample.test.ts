import "@simclr/backend-onednn/register";
import { Random, resizeTaps } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type ResampleTaps, separableResample } from "./separable-resample.js";

function noise(shape: [number, number, number, number]): tf.Tensor4D {
  const random = Random.fromSeed(2);
  const size = shape.reduce((a, b) => a * b);
  return tf.tensor4d(
    Float32Array.from({ length: size }, () => random.uniform(-1, 2)),
    shape,
  );
}

function randomTaps(seed: number, batchSize: number, size: number, taps: number, limit: number): ResampleTaps {
  const random = Random.fromSeed(seed);
  const count = batchSize * size * taps;
  return {
    index: Int32Array.from({ length: count }, () => random.integer(0, limit)),
    weight: Float32Array.from({ length: count }, () => random.uniform(-1, 1)),
    size,
    taps,
  };
}

/** The definition in the doc comment, in float64. */
function definition(images: tf.Tensor4D, rows: ResampleTaps, columns: ResampleTaps): number[] {
  const [batchSize, height, width, channels] = images.shape;
  const values = images.dataSync();
  const result: number[] = [];
  for (let n = 0; n < batchSize; n++)
    for (let y = 0; y < rows.size; y++)
      for (let x = 0; x < columns.size; x++)
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let j = 0; j < rows.taps; j++)
            for (let k = 0; k < columns.taps; k++) {
              const r = (n * rows.size + y) * rows.taps + j;
              const q = (n * columns.size + x) * columns.taps + k;
              const at = ((n * height + rows.index[r]!) * width + columns.index[q]!) * channels + c;
              sum += rows.weight[r]! * columns.weight[q]! * values[at]!;
            }
          result.push(sum);
        }
  return result;
}

describe("separableResample", () => {
  describeBackends(["cpu", "onednn"], () => {
    it.each([1, 3, 4])("is the double sum of its definition, with %i channels", (channels) => {
      const images = noise([3, 7, 5, channels]);
      const rows = randomTaps(1, 3, 4, 3, 7);
      const columns = randomTaps(2, 3, 6, 2, 5);
      const result = separableResample(images, rows, columns);
      expect(result.shape).toEqual([3, 4, 6, channels]);
      expectClose(result, definition(images, rows, columns), { atol: 4e-6 }); // sums of six terms up to 2
    });

    it("is close to the definition for the bicubic resize of many images, and repeats itself bit for bit", () => {
      const images = noise([9, 33, 40, 3]);
      const axis = (size: number): ResampleTaps => {
        const { index, weight, taps } = resizeTaps("tf1-bicubic", 3, size - 9, size, 32);
        const index9 = new Int32Array(9 * index.length);
        const weight9 = new Float32Array(9 * index.length);
        for (let n = 0; n < 9; n++) {
          index9.set(index, n * index.length);
          weight9.set(weight, n * index.length);
        }
        return { index: index9, weight: weight9, size: 32, taps };
      };
      const result = separableResample(images, axis(33), axis(40));
      expectClose(result, definition(images, axis(33), axis(40)), { atol: 4e-6 });
      expect(separableResample(images, axis(33), axis(40)).dataSync()).toEqual(result.dataSync());
    });

    it("does not move a pixel for taps of one", () => {
      const images = noise([2, 4, 3, 3]);
      const still = (size: number): ResampleTaps => ({
        index: Int32Array.from({ length: 2 * size }, (_, i) => i % size),
        weight: new Float32Array(2 * size).fill(1),
        size,
        taps: 1,
      });
      expect(separableResample(images, still(4), still(3)).dataSync()).toEqual(images.dataSync());
    });

    it("leaves only its result in memory", () => {
      const images = noise([2, 7, 5, 3]);
      expectNewTensors(1, () => separableResample(images, randomTaps(1, 2, 4, 3, 7), randomTaps(2, 2, 6, 2, 5)));
    });
  });

  it("says when taps do not fit the images", () => {
    const images = noise([2, 4, 4, 3]);
    const good = randomTaps(1, 2, 4, 2, 4);
    expect(() => separableResample(images, randomTaps(1, 1, 4, 2, 4), good)).toThrow(
      "separableResample: `rows` must hold 2 * 4 * 2 = 16 indices and weights (batch * size * taps); received 8 and 8.",
    );
    const outside = { ...good, index: good.index.with(5, 4) };
    expect(() => separableResample(images, good, outside)).toThrow(
      "separableResample: `columns.index` must be in [0, 3]; received 4 at 5. Give a tap outside the image weight 0 and a position inside.",
    );
  });
});
