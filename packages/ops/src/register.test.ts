import "@simclr/ops/register";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";

describe("@simclr/ops/register", () => {
  it("registers the gradients of tfjs-core with the engine that the program uses", () => {
    expectClose(tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, -2, 3])), [2, -4, 6], { atol: 0 });
    const kernels = ["Conv2D", "MaxPool", "AvgPool", "BatchMatMul", "Softmax", "GatherV2", "ResizeBilinear"];
    expect(kernels.filter((name) => tf.getGradient(name) === undefined)).toEqual([]);
  });

  // d (sum of w x)^2 = 2 w (sum of w x) for each x, and d of the sum of those = 2 w w n, where n terms make a sum.
  it.each([
    { shape: [2, 3], axis: undefined, terms: 6 },
    { shape: [2, 3], axis: [0], terms: 2 },
    { shape: [2, 3], axis: [-1], terms: 3 },
    { shape: [2, 2, 2, 3], axis: [1, 2], terms: 4 },
    { shape: [3, 0], axis: [0], terms: 3 },
  ])("differentiates sums and means, of $shape over $axis, twice", ({ shape, axis, terms }) => {
    const values = tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i - 2),
      shape,
    );
    for (const [reduce, weight] of [[tf.sum, 1] as const, [tf.mean, 1 / terms] as const]) {
      const gradient = tf.grad((x: tf.Tensor) => tf.square(reduce(x, axis)));
      const sums = tf.add(tf.zeros(shape), reduce(values, axis, true));
      expectClose(gradient(values), tf.mul(sums, 2 * weight), { rtol: 1e-6 });
      const second = tf.grad((x: tf.Tensor) => tf.sum(gradient(x)))(values);
      expectClose(second, tf.fill(shape, 2 * weight * weight * terms), { rtol: 1e-6 });
    }
  });
});
