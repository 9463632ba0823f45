import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { Random } from "@simclr/core";
import { expectCloseToLargest } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { batchNorm, batchNormInference } from "./batch-norm.js";
import { hasNamedKernel } from "./named-kernel.js";

interface Case {
  readonly shape: number[];
  readonly activation: "none" | "relu";
  readonly residual: boolean;
}

/** Several tiles and odd tails, as the layers of a network have them. */
const cases: Case[] = [
  { shape: [16, 16, 16, 64], activation: "relu", residual: true },
  { shape: [7, 5, 3, 33], activation: "none", residual: true },
  { shape: [256, 128], activation: "relu", residual: false },
];

function draw(name: string, shape: readonly number[], scale: number, shift: number): tf.Tensor {
  const stream = Random.fromSeed(5).fork(name);
  const values = new Float32Array(tf.util.sizeFromShape([...shape])).map(() => scale * stream.normal() + shift);
  return tf.tensor(values, [...shape]);
}

/** Outputs and gradients of both modes on one backend, as values. */
async function run(backend: string, { shape, activation, residual }: Case): Promise<Record<string, Float32Array>> {
  await tf.setBackend(backend);
  expect(hasNamedKernel("SimclrBatchNorm")).toBe(backend === "onednn");
  const channels = shape.slice(-1);
  const named = tf.tidy(() => {
    const inputs = [
      draw("x", shape, 2, 1),
      draw("gamma", channels, 0.5, 1),
      draw("beta", channels, 1, 0),
      ...(residual ? [draw("residual", shape, 1, 0)] : []),
    ];
    const weights = draw("weights", shape, 1, 0);
    const statistics = [draw("mean", channels, 1, 0), tf.abs(draw("variance", channels, 0.2, 1))] as const;
    const training = (...[x, gamma, beta, shortcut]: tf.Tensor[]) =>
      batchNorm(x!, gamma!, beta!, { activation, residual: shortcut });
    const inference = (...[x, gamma, beta, shortcut]: tf.Tensor[]) =>
      batchNormInference(x!, gamma!, beta!, ...statistics, { activation, residual: shortcut });
    const gradients = (f: (...given: tf.Tensor[]) => tf.Tensor, mode: string) => {
      const list = tf.grads((...given) => tf.sum(tf.mul(weights, f(...given))))(inputs);
      return Object.fromEntries(list.map((gradient, i) => [`${mode} gradient ${i}`, gradient]));
    };
    return {
      ...training(...inputs),
      inference: inference(...inputs),
      ...gradients((...given) => training(...given).y, "training"),
      ...gradients(inference, "inference"),
    } as Record<string, tf.Tensor>;
  });
  const values: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(named)) values[name] = await tensor.data<"float32">();
  tf.dispose(named);
  return values;
}

describe("the native batch norm", () => {
  it.each(cases)("gives what the composition gives on cpu, for $shape", async (options) => {
    const native = await run("onednn", options);
    const composed = await run("cpu", options);
    expect(Object.keys(native)).toEqual(Object.keys(composed));
    // sums over up to 4,096 rows in another order: a few float32 ulps of the largest value
    for (const [name, expected] of Object.entries(composed)) expectCloseToLargest(native[name]!, expected, 1e-5);
  });
});
