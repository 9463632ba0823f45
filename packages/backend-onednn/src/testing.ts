import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

tf.env().set("PROD", true); // no banner

/** Bell-shaped values of mean 0 and variance 1 from a seed, on the current backend: sums of three uniform ones. */
export function normal(shape: number[], seed: number): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  let state = Math.imul(seed + 1, 0x9e3779b1);
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < values.length; i++) values[i] = 2 * (uniform() + uniform() + uniform()) - 3;
  return tf.tensor(values, shape, "float32");
}

/**
 * Runs `f` on cpu and on onednn and asserts that every result differs by at most `tolerance` of its largest value:
 * two float32 sums of the same numbers in different orders.
 */
export async function compareWithCpu(
  operands: () => tf.Tensor[],
  f: (operands: tf.Tensor[]) => tf.Tensor[],
  tolerance = 1e-5,
): Promise<void> {
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const inputs = operands();
    const outputs = tf.tidy(() => f(inputs));
    const results = outputs.map((t) => ({ shape: t.shape, dtype: t.dtype, values: t.dataSync() }));
    tf.dispose([inputs, outputs]);
    expect(tf.memory().numTensors, "tensors left").toBe(before);
    return results;
  };
  const expected = await run("cpu");
  const actual = await run("onednn");
  expect(actual.length).toBe(expected.length);
  for (const [i, e] of expected.entries()) {
    const a = actual[i]!;
    expect(a.shape, `shape of result ${i}`).toEqual(e.shape);
    expect(a.dtype, `dtype of result ${i}`).toBe(e.dtype);
    expectNear(a.values, e.values, tolerance, `result ${i}`);
  }
}

/** Asserts that the largest difference is at most `tolerance` of the largest magnitude; NaN only equals NaN. */
export function expectNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const magnitude = Math.abs(expected[i]!);
    if (Number.isFinite(magnitude)) largest = Math.max(largest, magnitude);
  }
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    const same = Object.is(a, e) || a === e || Math.abs(a - e) <= tolerance * largest;
    if (!same) expect.fail(`${what}: element ${i} is ${a}, expected ${e} (largest ${largest})`);
  }
}

/** Values from a seed: standard normal, integers of up to 30 bits with either sign, or bools. */
export function values(shape: number[], dtype: "float32" | "int32" | "bool", seed: number): tf.Tensor {
  if (dtype === "float32") return normal(shape, seed);
  if (dtype === "int32") return tf.randomUniform(shape, -(2 ** 30), 2 ** 30, "int32", seed);
  return tf.tidy(() => tf.greater(normal(shape, seed), 0));
}

/** The sum of the products of two tensors' values, and how large rounding may make it, in float64. */
function inner(a: tf.Tensor, b: tf.Tensor): { product: number; size: number } {
  const [u, v] = [a.dataSync(), b.dataSync()];
  let product = 0;
  let squares = 0;
  for (let i = 0; i < u.length; i++) {
    product += u[i]! * v[i]!;
    squares += (u[i]! * v[i]!) ** 2;
  }
  return { product, size: Math.sqrt(squares) };
}

/**
 * Asserts <A x, dy> = <x, A' dy>, which holds for every linear A and its gradient A': each pair is of one shape. The
 * difference may be 1e-4 of the root of the summed squares of the terms, which is what the product would be by chance.
 */
export function expectAdjoint(output: [tf.Tensor, tf.Tensor], input: [tf.Tensor, tf.Tensor]): void {
  expect(output[0].shape).toEqual(output[1].shape);
  expect(input[0].shape).toEqual(input[1].shape);
  const [a, b] = [inner(...output), inner(...input)];
  expect(Math.abs(a.product - b.product)).toBeLessThanOrEqual(1e-4 * Math.max(a.size, b.size));
}
