import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { registerOnednnBackend } from "../register-backend.js";
import { expectNear, normal } from "../testing.js";

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

const run = (name: string, inputs: tf.NamedTensorMap): tf.Tensor => {
  const result = tf.engine().runKernel(name, inputs, {});
  return (Array.isArray(result) ? result[0] : result) as tf.Tensor;
};

/** The rows of a matrix, in float64. */
function rowsOf(x: tf.Tensor): number[][] {
  const [rows, width] = x.shape as [number, number];
  const values = x.dataSync();
  return Array.from({ length: rows }, (_, r) => [...values.subarray(r * width, (r + 1) * width)]);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Odd tails of rows, and more rows than one thread takes. */
const SHAPES: [number, number][] = [
  [1037, 10],
  [129, 1003],
  [3, 20_001],
  [5, 1],
];

it.each(SHAPES)("takes the definition's cross-entropy of %i rows of %i, and its gradient", (rows, width) => {
  // Logits far enough apart that most of the softmax is small, and some of it 0 in float32.
  const [logits, weights] = [tf.mul(normal([rows, width], 1), 20), tf.abs(normal([rows, 1], 3))];
  const targets = tf.square(normal([rows, width], 2));
  const w = [...weights.dataSync()];
  const t = rowsOf(targets);
  let loss = 0;
  const gradient = rowsOf(logits).flatMap((x, r) => {
    const largest = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const exps = x.map((value) => Math.exp(value - largest));
    const [total, mass] = [sum(exps), sum(t[r]!)];
    loss -= w[r]! * sum(x.map((value, j) => t[r]![j]! * (value - largest - Math.log(total))));
    return exps.map((e, j) => 0.5 * w[r]! * ((e / total) * mass - t[r]![j]!));
  });
  const operands = { logits, targets, weights };
  expectNear(run("SimclrSoftmaxCrossEntropy", operands).dataSync(), [loss], 1e-6, "loss");
  const actual = run("SimclrSoftmaxCrossEntropyGrad", { dy: tf.scalar(0.5), ...operands });
  expectNear(actual.dataSync(), gradient, 1e-6, "gradient");
});

// Of a single column the gradient is 0, which no tolerance relative to the largest value fits.
it.each(SHAPES.slice(0, -1))(
  "takes the definition's rows of length 1 of %i rows of %i, and their gradient",
  (rows, width) => {
    const [x, dy] = [normal([rows, width], 1), normal([rows, width], 2)];
    const d = rowsOf(dy);
    const unit: number[] = [];
    const gradient = rowsOf(x).flatMap((row, r) => {
      const length = Math.sqrt(sum(row.map((value) => value * value)));
      const along = sum(row.map((value, j) => (value / length) * d[r]![j]!));
      unit.push(...row.map((value) => value / length));
      return row.map((value, j) => (d[r]![j]! - (value / length) * along) / length);
    });
    expectNear(run("SimclrL2Normalize", { x }).dataSync(), unit, 1e-6, "rows");
    expectNear(run("SimclrL2NormalizeGrad", { x, dy }).dataSync(), gradient, 1e-6, "gradient");
  },
);

it("computes the same bits every time", () => {
  const operands = { logits: normal([999, 77], 1), targets: normal([999, 77], 2), weights: normal([999, 1], 3) };
  const once = () => run("SimclrSoftmaxCrossEntropy", operands).dataSync();
  expect(once()).toEqual(once());
});

it("takes no rows, and no columns", () => {
  const empty = (rows: number, width: number) => tf.zeros([rows, width]);
  for (const [rows, width] of [
    [0, 4],
    [3, 0],
  ] as const) {
    const operands = { logits: empty(rows, width), targets: empty(rows, width), weights: tf.ones([rows, 1]) };
    expect(run("SimclrSoftmaxCrossEntropy", operands).dataSync()).toEqual(new Float32Array([0]));
    expect(run("SimclrSoftmaxCrossEntropyGrad", { dy: tf.scalar(1), ...operands }).shape).toEqual([rows, width]);
    expect(run("SimclrL2NormalizeGrad", { x: empty(rows, width), dy: empty(rows, width) }).shape).toEqual([
      rows,
      width,
    ]);
  }
});

it("refuses operands that do not fit", () => {
  const x = tf.ones([2, 3]);
  expect(() => run("SimclrL2NormalizeGrad", { x, dy: tf.ones([2, 2]) })).toThrow(
    "argument 1 must be 6 values of float32",
  );
  const operands = { logits: x, targets: x, weights: tf.ones([3, 1]) };
  expect(() => run("SimclrSoftmaxCrossEntropy", operands)).toThrow("argument 2 must be 2 values of float32");
});
