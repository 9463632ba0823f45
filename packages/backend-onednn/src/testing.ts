import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

tf.env().set("PROD", true); // no banner

/** Standard normal values from a seed, on the current backend. */
export function normal(shape: number[], seed: number): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, "float32", seed);
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
