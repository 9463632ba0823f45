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

/** Rows of two matrices and the inner size; from 2,000 on some backends take another path. */
const ROWS = 16;
const INNER = 2048;
/** Tensors in one sum; more than some GPUs bind at once. */
const TERMS = 12;
const TERM_SIZE = 1200;
/** Images, more than crops of them. */
const IMAGES = 5;
const IMAGE_SIDE = 16;
const CROPPED = [4, 3];

/** What is computed, and what it should be. */
interface Check {
  readonly what: string;
  readonly actual: tf.Tensor;
  readonly expected: Float64Array;
}

/** A 3x3 convolution and the gradient by its filter. */
function convolutionChecks(): Check[] {
  const x = values(N * SIDE * SIDE * IN, 1);
  const w = values(9 * IN * OUT, 2);
  const seed = values(N * SIDE * SIDE * OUT, 3);
  const expected = reference(x, w, seed);
  const input = tf.tensor4d(x, [N, SIDE, SIDE, IN]);
  const filter = tf.tensor4d(w, [3, 3, IN, OUT]);
  const weights = tf.tensor4d(seed, [N, SIDE, SIDE, OUT]);
  const loss = (f: tf.Tensor) => tf.sum(tf.mul(tf.conv2d(input, f as tf.Tensor4D, 1, "same"), weights));
  return [
    { what: "a 3x3 convolution", actual: tf.conv2d(input, filter, 1, "same"), expected: expected.y },
    { what: "the gradient of a 3x3 convolution", actual: tf.grad(loss)(filter), expected: expected.dw },
  ];
}

/** Similarities of all pairs of rows: a product with a transposed matrix and a long inner axis. */
function productCheck(): Check {
  const [a, b] = [values(ROWS * INNER, 4), values(ROWS * INNER, 5)];
  const expected = Float64Array.from({ length: ROWS * ROWS }, (_, at) => {
    const [i, j] = [Math.floor(at / ROWS), at % ROWS];
    let sum = 0;
    for (let k = 0; k < INNER; k++) sum += a[i * INNER + k]! * b[j * INNER + k]!;
    return sum;
  });
  const actual = tf.matMul(tf.tensor2d(a, [ROWS, INNER]), tf.tensor2d(b, [ROWS, INNER]), false, true);
  return { what: `a product over ${INNER} terms with a transposed matrix`, actual, expected };
}

function sumCheck(): Check {
  const terms = Array.from({ length: TERMS }, (_, i) => values(TERM_SIZE, 10 + i));
  const expected = Float64Array.from({ length: TERM_SIZE }, (_, at) => terms.reduce((sum, term) => sum + term[at]!, 0));
  return { what: `a sum of ${TERMS} tensors`, actual: tf.addN(terms.map((term) => tf.tensor1d(term))), expected };
}

/** Crops that are whole images, so that they should be those images. */
function cropCheck(): Check {
  const size = IMAGE_SIDE * IMAGE_SIDE * 3;
  const images = values(IMAGES * size, 6);
  const expected = Float64Array.from(
    CROPPED.flatMap((image) => [...images.subarray(image * size, (image + 1) * size)]),
  );
  const boxes = tf.tensor2d(CROPPED.map(() => [0, 0, 1, 1]));
  const source = tf.tensor4d(images, [IMAGES, IMAGE_SIDE, IMAGE_SIDE, 3]);
  const from = tf.tensor1d(CROPPED, "int32");
  const actual = tf.image.cropAndResize(source, boxes, from, [IMAGE_SIDE, IMAGE_SIDE]);
  return { what: "crops from more images than crops", actual, expected };
}

/**
 * Computes what training rests on, and what backends have been seen to get wrong, on the current backend, and compares it
 * with plain loops: a convolution and its filter gradient, a long product, a sum of many tensors, crops.
 *
 * @returns The errors in words, or undefined where the numbers are right.
 */
export async function selfTest(): Promise<string | undefined> {
  const checks: Check[] = [];
  tf.tidy(() => {
    checks.push(...convolutionChecks(), productCheck(), sumCheck(), cropCheck());
    return checks.map(({ actual }) => actual);
  });
  try {
    const errors: string[] = [];
    for (const { what, actual, expected } of checks) {
      const error = worst(await actual.data(), expected);
      if (!(error < TOLERANCE)) errors.push(`${what} is off by ${error.toExponential(1)} of the largest value`);
    }
    return errors.length === 0 ? undefined : errors.join(", ");
  } finally {
    tf.dispose(checks.map(({ actual }) => actual));
  }
}
