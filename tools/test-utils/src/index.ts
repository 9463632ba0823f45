import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect } from "vitest";

export { importsOf } from "./imports-of.js";
export { pseudo } from "./pseudo.js";
export { type BundleFiles, type BundleOptions, type BundleTensor, writeTensorBundle } from "./tensor-bundle-writer.js";

tf.env().set("PROD", true); // no banner

export interface Tolerance {
  /** Absolute tolerance. */
  readonly atol?: number;
  /** Relative tolerance. */
  readonly rtol?: number;
}

type Values = tf.Tensor | number | ArrayLike<number>;

function toNumbers(values: Values): ArrayLike<number> {
  if (typeof values === "number") return [values];
  return values instanceof tf.Tensor ? (values.dataSync() as ArrayLike<number>) : values;
}

/** Asserts `|actual - expected| <= atol + rtol * |expected|` for every element; NaN is equal to nothing. */
export function expectClose(actual: Values, expected: Values, { atol = 0, rtol = 0 }: Tolerance): void {
  const a = toNumbers(actual);
  const e = toNumbers(expected);
  expect(a.length, "number of elements").toBe(e.length);
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - e[i]!);
    if (!(difference <= atol + rtol * Math.abs(e[i]!)))
      expect.fail(
        `element ${i}: ${a[i]} is not close to ${e[i]} (difference ${difference}, atol ${atol}, rtol ${rtol})`,
      );
  }
}

/** Asserts that the largest difference is at most `tolerance` of the largest expected magnitude. */
export function expectCloseToLargest(actual: Values, expected: Values, tolerance: number): void {
  const e = toNumbers(expected);
  let largest = 0;
  for (let i = 0; i < e.length; i++) largest = Math.max(largest, Math.abs(e[i]!));
  expectClose(actual, expected, { atol: tolerance * largest });
}

export interface GradientCheck extends Tolerance {
  /** Step of the central difference. */
  readonly step: number;
  /** At most this many elements are checked, evenly spread. @defaultValue 24 */
  readonly samples?: number;
}

/** Compares `tf.grad` of a scalar function with central differences. */
export function checkGradient<T extends tf.Tensor>(f: (x: T) => tf.Scalar, x: T, check: GradientCheck): void {
  const gradient = tf.tidy(() =>
    tf
      .grad((t) => f(t as T))(x)
      .dataSync(),
  );
  const values = Float32Array.from(x.dataSync());
  const at = (i: number, delta: number): number =>
    tf.tidy(() => {
      const moved = Float32Array.from(values);
      moved[i] = moved[i]! + delta;
      return f(tf.tensor(moved, x.shape, "float32") as T).dataSync()[0]!;
    });
  const stride = Math.max(1, Math.ceil(values.length / (check.samples ?? 24)));
  for (let i = 0; i < values.length; i += stride) {
    const expected = (at(i, check.step) - at(i, -check.step)) / (2 * check.step);
    expectClose(gradient[i]!, expected, check);
  }
}

/** Asserts that `f` leaves exactly `count` new tensors, and disposes those it returns. */
export function expectNewTensors(count: number, f: () => tf.TensorContainer): void {
  const before = tf.memory().numTensors;
  const result = f();
  expect(tf.memory().numTensors - before, "new tensors").toBe(count);
  tf.dispose(result);
}

/** Runs a suite once per registered backend; fails, rather than skips, if one of them cannot be used. */
export function describeBackends(names: readonly string[], suite: (backend: string) => void): void {
  for (const name of names) {
    describe(`on ${name}`, () => {
      beforeAll(async () => {
        if (!(await tf.setBackend(name))) throw new Error(`the backend "${name}" cannot be used`);
      });
      suite(name);
    });
  }
}
