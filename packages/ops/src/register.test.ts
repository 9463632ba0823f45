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
});
