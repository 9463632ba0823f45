import "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CheckpointError, isSimclrError } from "./errors.js";
import { assignWeights, type NamedArrays, type NamedVariable, readWeights } from "./weight-values.js";

let weights: NamedVariable[] = [];
let before = 0;

beforeEach(() => {
  before = tf.memory().numTensors;
  const make = (name: string, values: number[], shape: number[]): NamedVariable => {
    const initial = tf.tensor(values, shape, "float32");
    const variable = tf.variable(initial);
    initial.dispose();
    return { name, variable };
  };
  weights = [make("dense/kernel", [1, 2, 3, 4, 5, 6], [2, 3]), make("dense/bias", [7, 8, 9], [3])];
});

afterEach(() => {
  for (const { variable } of weights) variable.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

function messageOf(f: () => void): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    expect(isSimclrError(error)).toBe(true);
    return (error as Error).message;
  }
  return expect.fail("nothing was thrown");
}

it("reads names, shapes and values", async () => {
  expect(await readWeights(weights)).toEqual({
    "dense/kernel": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    "dense/bias": { shape: [3], data: Float32Array.of(7, 8, 9) },
  });
});

it("reads values that belong to one moment, whatever is assigned meanwhile", async () => {
  const reading = readWeights(weights);
  const zeros = tf.zeros([3]);
  weights[1]!.variable.assign(zeros);
  zeros.dispose();
  expect((await reading)["dense/bias"]!.data).toEqual(Float32Array.of(7, 8, 9));
});

it("writes what was read, and shares no memory with it", async () => {
  const saved = await readWeights(weights);
  for (const { variable } of weights) tf.tidy(() => variable.assign(tf.mul(variable, 100)));
  assignWeights(weights, saved, "model");
  saved["dense/bias"]!.data.fill(-1);
  expect(Array.from(weights[1]!.variable.dataSync())).toEqual([7, 8, 9]);
  expect(Array.from(weights[0]!.variable.dataSync())).toEqual([1, 2, 3, 4, 5, 6]);
});

it("refuses two weights of one name and other types than float32", async () => {
  await expect(readWeights([weights[0]!, weights[0]!])).rejects.toThrow(
    'readWeights: two weights are called "dense/kernel"; a name must be unique.',
  );
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1], "int32")));
  await expect(readWeights([{ name: "count", variable }])).rejects.toThrow(
    'readWeights: "count" must be float32; received int32.',
  );
  variable.dispose();
});

it("says which weights are missing, unexpected and of another shape, and changes nothing", async () => {
  const saved: NamedArrays = {
    "dense/bias": { shape: [1], data: Float32Array.of(0) },
    "head/kernel": { shape: [2], data: Float32Array.of(0, 0) },
  };
  expect(messageOf(() => assignWeights(weights, saved, "resNet r18"))).toBe(
    "resNet r18: the saved weights do not fit. " +
      '1 of 2 missing: "dense/kernel" [2, 3]. ' +
      '1 of 2 unexpected: "head/kernel" [2]. ' +
      '1 of 2 of another shape: "dense/bias" must be [3], saved [1]. ' +
      "Build it with the architecture that the weights were saved from, or load other weights.",
  );
  expect(Array.from(weights[1]!.variable.dataSync())).toEqual([7, 8, 9]);
});

it("lists a few of many and counts the rest", async () => {
  const extra = Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [`x${i}`, { shape: [1], data: Float32Array.of(i) }]),
  );
  const saved = { ...(await readWeights(weights)), ...extra };
  expect(messageOf(() => assignWeights(weights, saved, "model"))).toContain(
    '5 of 7 unexpected: "x0" [1]; "x1" [1]; "x2" [1] and 2 more.',
  );
});

it("refuses data shorter than its shape, and names inherited from Object", async () => {
  const saved = { ...(await readWeights(weights)), "dense/bias": { shape: [3], data: Float32Array.of(1) } };
  expect(messageOf(() => assignWeights(weights, saved, "model"))).toContain('"dense/bias" must hold 3 values, saved 1');
  const odd = [{ name: "toString", variable: weights[1]!.variable }];
  expect(messageOf(() => assignWeights(odd, {}, "model"))).toContain('1 of 1 missing: "toString" [3].');
});
