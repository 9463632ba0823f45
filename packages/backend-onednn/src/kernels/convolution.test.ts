import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerOnednnBackend } from "../register-backend.js";
import { compareWithCpu, normal } from "../testing.js";

beforeAll(() => registerOnednnBackend());

interface Case {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides?: number | [number, number];
  readonly pad?: "same" | "valid" | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: number;
}

const CASES: Case[] = [
  { x: [2, 9, 11, 3], filter: [3, 3, 3, 64] },
  { x: [3, 16, 16, 40], filter: [3, 3, 40, 24] },
  { x: [2, 17, 15, 24], filter: [3, 3, 24, 40], strides: 2 },
  { x: [2, 16, 16, 32], filter: [1, 1, 32, 48], strides: 2, pad: "valid" },
  { x: [2, 8, 8, 19], filter: [1, 1, 19, 33] },
  {
    x: [1, 23, 21, 3],
    filter: [7, 7, 3, 16],
    strides: 2,
    pad: [
      [0, 0],
      [3, 3],
      [3, 3],
      [0, 0],
    ],
  },
  { x: [2, 12, 10, 5], filter: [3, 3, 5, 7], pad: "valid" },
  { x: [2, 12, 13, 6], filter: [3, 2, 6, 9], dilations: 2 },
  { x: [1, 10, 14, 8], filter: [3, 5, 8, 8], strides: [2, 1] },
];

describe.each(CASES)("conv2d %j", ({ x, filter, strides = 1, pad = "same", dilations = 1 }) => {
  const conv = (a: tf.Tensor, b: tf.Tensor) =>
    tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad as "same", "NHWC", dilations);
  const operands = () => [normal(x, 1), normal(filter, 2)];

  it("agrees with the cpu backend", async () => {
    await compareWithCpu(operands, ([a, b]) => [conv(a!, b!)]);
  });

  if (dilations > 1) return; // tfjs has no gradient of dilated convolutions
  it("has the cpu backend's gradients", async () => {
    await compareWithCpu(operands, ([a, b]) => {
      const dy = normal(conv(a!, b!).shape, 3);
      const attrs = { strides, pad, dataFormat: "NHWC", inputShape: x, filterShape: filter };
      const run = (name: string, inputs: object) =>
        tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
      return [run("Conv2DBackpropInput", { dy, filter: b }), run("Conv2DBackpropFilter", { x: a, dy })];
    });
  });
});

it("gives zeros where a batch is empty", async () => {
  await tf.setBackend("onednn");
  const y = tf.conv2d(tf.zeros<tf.Rank.R4>([0, 4, 4, 3]), tf.ones<tf.Rank.R4>([3, 3, 3, 2]), 1, "same");
  expect(y.shape).toEqual([0, 4, 4, 2]);
  expect(y.dataSync().length).toBe(0);
});
