import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { Random } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type AvgPoolOptions, avgPool } from "./avg-pool.js";

type Shape = [number, number, number, number];

function noise(shape: Shape, seed: number): tf.Tensor4D {
  const random = Random.fromSeed(seed);
  return tf.tensor4d(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  );
}

/** Calls `visit(output, inputs)` for each output: its flat index and those of the pixels it is the mean of. */
function windows(shape: Shape, options: AvgPoolOptions, visit: (output: number, inputs: number[]) => void): void {
  const { filterSize, strides = filterSize, pad = "valid" } = options;
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
  const [batchSize, height, width, channels] = shape;
  let output = 0;
  for (let n = 0; n < batchSize; n++)
    for (let i = 0; i < info.outHeight; i++)
      for (let j = 0; j < info.outWidth; j++)
        for (let c = 0; c < channels; c++) {
          const inputs: number[] = [];
          for (let k = 0; k < info.filterHeight; k++)
            for (let l = 0; l < info.filterWidth; l++) {
              const y = i * info.strideHeight - info.padInfo.top + k;
              const x = j * info.strideWidth - info.padInfo.left + l;
              if (y < 0 || y >= height || x < 0 || x >= width) continue;
              inputs.push(((n * height + y) * width + x) * channels + c);
            }
          visit(output++, inputs);
        }
}

const cases: { shape: Shape; options: AvgPoolOptions }[] = [
  { shape: [2, 7, 5, 3], options: { filterSize: 3, strides: 1, pad: "same" } },
  { shape: [2, 7, 5, 3], options: { filterSize: 2, strides: 2, pad: "same" } },
  { shape: [1, 8, 9, 2], options: { filterSize: [4, 3], strides: [3, 1], pad: "same" } },
  { shape: [3, 6, 6, 17], options: { filterSize: 3, strides: 1, pad: 1 } },
  { shape: [2, 6, 4, 5], options: { filterSize: 2 } },
];

describe("avgPool", () => {
  describeBackends(["cpu", "onednn"], () => {
    it.each(cases)("is the mean of the pixels inside the image, for $shape and $options", ({ shape, options }) => {
      const x = noise(shape, 1);
      const values = x.dataSync();
      const expected: number[] = [];
      windows(shape, options, (_, inputs) => {
        expected.push(inputs.reduce((sum, i) => sum + values[i]!, 0) / inputs.length);
      });
      expectClose(avgPool(x, options), expected, { atol: 1e-6 }); // means of up to 12 values near 1
    });

    it.each(cases)("sends back what each pixel gave, for $shape and $options", ({ shape, options }) => {
      const x = noise(shape, 1);
      const dy = noise(avgPool(x, options).shape, 2);
      const gradient = dy.dataSync();
      const expected = new Float64Array(x.size);
      windows(shape, options, (output, inputs) => {
        for (const i of inputs) expected[i]! += gradient[output]! / inputs.length;
      });
      const dx = tf.grad((given) => avgPool(given as tf.Tensor4D, options))(x, dy);
      expectClose(dx, expected, { atol: 2e-6 }); // sums of up to 9 terms below 4
    });

    it("leaves only its result in memory, also with its gradient", () => {
      const x = noise([1, 5, 5, 2], 1);
      const pool = (given: tf.Tensor) => avgPool(given as tf.Tensor4D, { filterSize: 3, strides: 2, pad: "same" });
      expectNewTensors(1, () => pool(x));
      expectNewTensors(1, () => tf.grad(pool)(x));
    });
  });

  it("refuses padding that holds a whole window", () => {
    const options: AvgPoolOptions = { filterSize: 2, strides: 1, pad: 2 };
    expect(() => avgPool(noise([1, 4, 4, 1], 1), options)).toThrow(
      "avgPool: `pad` must leave each window at least one pixel of the image; received a window of [2, 2] that lies " +
        "in the padding. Use less padding.",
    );
  });

  it("refuses a filter that is not a whole number of pixels", () => {
    expect(() => avgPool(noise([1, 4, 4, 1], 1), { filterSize: 1.5 })).toThrow(
      "avgPool: `filterSize` must be an integer >= 1; received 1.5.",
    );
  });
});
