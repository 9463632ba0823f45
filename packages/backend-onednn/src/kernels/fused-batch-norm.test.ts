import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, it } from "vitest";
import { compareWithCpu, normal } from "../testing.js";

const SHAPE: [number, number, number, number] = [4, 23, 17, 37];

describe("FusedBatchNorm", () => {
  const operands = (parameters: number[]) => () => [
    normal(SHAPE, 1),
    normal(parameters, 2),
    tf.tidy(() => tf.square(normal(parameters, 3))),
    normal(parameters, 4),
    normal(parameters, 5),
  ];
  const norms = ([x, mean, variance, offset, scale]: tf.Tensor[]): tf.Tensor[] => {
    const [x4, m, v] = [x as tf.Tensor4D, mean as tf.Tensor1D, variance as tf.Tensor1D];
    const [o, s] = [offset as tf.Tensor1D, scale as tf.Tensor1D];
    return [
      tf.batchNorm(x4, m, v, o, s, 1e-3),
      tf.batchNorm(x4, m, v, o),
      tf.batchNorm(x4, m, v, undefined, s, 0.1),
      tf.batchNorm(x4, m, v),
    ];
  };

  it("is that of cpu with one statistic per channel, scale and offset or not", async () => {
    await compareWithCpu(operands([37]), norms, 1e-6);
  });

  it("is that of cpu with one statistic per element", async () => {
    await compareWithCpu(operands(SHAPE), norms, 1e-6);
  });

  it("is that of cpu with one statistic for all", async () => {
    await compareWithCpu(operands([1]), norms, 1e-6);
  });
});
