import * as tf from "@tensorflow/tfjs-core";

/** Largest difference from the plain loop, relative to the largest value, that float32 and TF32 both stay below. */
const TOLERANCE = 5e-3;

/** Deterministic values in [-1, 1) that are not symmetric in any axis. */
function values(count: number, seed: number): Float32Array {
  const out = new Float32Array(count);
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state / 2 ** 31 - 1;
  }
  return out;
}

const N = 2;
const SIDE = 9;
const IN = 5;
const OUT = 7;

/** y and dL/dw of a 3x3 convolution with zero padding, by plain loops; L is the sum of y times `seed`. */
function reference(x: Float32Array, w: Float32Array, seed: Float32Array): { y: Float64Array; dw: Float64Array } {
  const y = new Float64Array(N * SIDE * SIDE * OUT);
  const dw = new Float64Array(9 * IN * OUT);
  for (let n = 0; n < N; n++)
    for (let i = 0; i < SIDE; i++)
      for (let j = 0; j < SIDE; j++)
        for (let a = 0; a < 3; a++)
          for (let b = 0; b < 3; b++) {
            const row = i + a - 1;
            const column = j + b - 1;
            if (row < 0 || row >= SIDE || column < 0 || column >= SIDE) continue;
            for (let c = 0; c < IN; c++)
              for (let o = 0; o < OUT; o++) {
                const source = x[((n * SIDE + row) * SIDE + column) * IN + c]!;
                const at = ((n * SIDE + i) * SIDE + j) * OUT + o;
                const weight = ((a * 3 + b) * IN + c) * OUT + o;
                y[at]! += source * w[weight]!;
                dw[weight]! += source * seed[at]!;
              }
          }
  return { y, dw };
}

function worst(actual: ArrayLike<number>, expected: Float64Array): number {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const d = Math.abs(actual[i]! - expected[i]!);
    difference = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(difference, d);
  }
  return difference / largest;
}

/**
 * Computes a convolution and its filter gradient on the current backend and compares them with plain loops.
 *
 * @returns The error in words, or undefined where the numbers are right.
 */
export async function selfTest(): Promise<string | undefined> {
  const x = values(N * SIDE * SIDE * IN, 1);
  const w = values(9 * IN * OUT, 2);
  const seed = values(N * SIDE * SIDE * OUT, 3);
  const expected = reference(x, w, seed);
  const [y, dw] = tf.tidy(() => {
    const input = tf.tensor4d(x, [N, SIDE, SIDE, IN]);
    const filter = tf.tensor4d(w, [3, 3, IN, OUT]);
    const weights = tf.tensor4d(seed, [N, SIDE, SIDE, OUT]);
    const forward = tf.conv2d(input, filter, 1, "same");
    const gradient = tf.grad((f: tf.Tensor) => tf.sum(tf.mul(tf.conv2d(input, f as tf.Tensor4D, 1, "same"), weights)))(
      filter,
    );
    return [forward, gradient];
  });
  try {
    const errors = [worst(await y.data(), expected.y), worst(await dw.data(), expected.dw)];
    if (errors.every((error) => error < TOLERANCE)) return undefined;
    return `a 3x3 convolution and its gradient are off by ${errors.map((error) => error.toExponential(1)).join(" and ")} of the largest value`;
  } finally {
    tf.dispose([y, dw]);
  }
}
