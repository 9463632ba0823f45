import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, expectAdjoint, normal } from "../testing.js";

interface Case {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides?: number | [number, number];
  readonly pad?: "same" | "valid" | number;
  readonly dilations?: number | [number, number];
}

const CASES: Case[] = [
  { x: [2, 17, 13, 64], filter: [3, 3, 64, 1] },
  { x: [3, 16, 15, 33], filter: [3, 3, 33, 1], strides: 2 },
  { x: [2, 9, 10, 5], filter: [5, 2, 5, 3], pad: "valid" },
  { x: [1, 23, 21, 40], filter: [7, 7, 40, 1], strides: 2, pad: 3 },
  { x: [2, 14, 12, 19], filter: [3, 3, 19, 2], dilations: 2 },
  { x: [1, 20, 31, 8], filter: [3, 5, 8, 1], dilations: [3, 2], pad: "valid" },
  { x: [2, 2, 3, 70], filter: [3, 3, 70, 1] },
];

describe.each(CASES)("depthwise convolution %j", ({ x, filter, strides = 1, pad = "same", dilations = 1 }) => {
  const isDilated = [dilations].flat().some((d) => d > 1);
  const conv = (a: tf.Tensor, b: tf.Tensor) =>
    tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad, "NHWC", dilations);
  const gradients = (a: tf.Tensor, b: tf.Tensor, dy: tf.Tensor) => {
    const attrs = { strides, pad, dilations, dataFormat: "NHWC", inputShape: x, filterShape: filter };
    const run = (name: string, inputs: tf.NamedTensorMap) =>
      tf.engine().runKernel(`DepthwiseConv2dNativeBackprop${name}`, inputs, attrs) as tf.Tensor;
    return [run("Input", { dy, filter: b }), run("Filter", { x: a, dy })] as const;
  };

  it("agrees with the cpu backend", async () => {
    await compareWithCpu(
      () => [normal(x, 1), normal(filter, 2)],
      ([a, b]) => {
        const y = conv(a!, b!);
        return isDilated ? [y] : [y, ...gradients(a!, b!, normal(y.shape, 3))]; // cpu's gradients ignore dilations
      },
    );
  });

  it("has gradients that are the adjoints", async () => {
    await tf.setBackend("onednn");
    const [a, b] = [normal(x, 1), normal(filter, 2)];
    const y = conv(a, b);
    const dy = normal(y.shape, 3);
    const [dx, dfilter] = gradients(a, b, dy);
    expectAdjoint([y, dy], [a, dx]);
    expectAdjoint([y, dy], [b, dfilter]);
  });
});

describe("depthwise convolution", () => {
  it("computes the same bits every time", async () => {
    await tf.setBackend("onednn");
    const [x, dy] = [normal([9, 16, 16, 64], 1), normal([9, 16, 16, 64], 2)];
    const attrs = { strides: 1, pad: "same", dilations: 1, dataFormat: "NHWC", filterShape: [3, 3, 64, 1] };
    const once = () => tf.engine().runKernel("DepthwiseConv2dNativeBackpropFilter", { x, dy }, attrs) as tf.Tensor;
    expect(once().dataSync()).toEqual(once().dataSync());
  });

  it("is fused with a bias and an activation", async () => {
    await compareWithCpu(
      () => [normal([2, 9, 8, 12], 1), normal([3, 3, 12, 1], 2), normal([12], 3)],
      ([x, filter, bias]) =>
        (["relu", "relu6", "elu", "linear"] as const).map((activation) =>
          tf.fused.depthwiseConv2d({
            x: x as tf.Tensor4D,
            filter: filter as tf.Tensor4D,
            strides: 1,
            pad: "same",
            bias: bias!,
            activation,
          }),
        ),
    );
  });
});
