import "@tensorflow/tfjs-backend-cpu";
import "@simclr/ops/register";
import type { Random, Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchSource, TrainingTask } from "../src/task.js";

tf.env().set("PROD", true); // no banner

export const FEATURES = 4;
const CLASSES = 3;

export interface PointBatch {
  readonly indices: Int32Array;
  /** [N, FEATURES] */
  readonly points: Float32Array;
  readonly labels: Int32Array;
}

export interface DisposableTask<Batch> extends TrainingTask<Batch> {
  dispose(): void;
}

/** Points around one centre per class, in an order drawn for each epoch. */
export function pointSource(random: Random, { count = 40, batchSize = 8 } = {}): BatchSource<PointBatch> {
  const draw = random.fork("points");
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const points = Float32Array.from({ length: count * FEATURES }, (_, i) => {
    const label = labels[Math.floor(i / FEATURES)]!;
    return draw.normal() + (i % FEATURES === label ? 1 : 0);
  });
  const stepsPerEpoch = Math.floor(count / batchSize);
  return {
    stepsPerEpoch,
    async *epoch(epoch, startStep) {
      const order = random.fork("order", epoch).permutation(count);
      for (let step = startStep; step < stepsPerEpoch; step++) {
        const indices = order.slice(step * batchSize, (step + 1) * batchSize);
        yield {
          indices,
          points: Float32Array.from({ length: batchSize * FEATURES }, (_, i) => {
            return points[indices[Math.floor(i / FEATURES)]! * FEATURES + (i % FEATURES)]!;
          }),
          labels: Int32Array.from(indices, (index) => labels[index]!),
        };
      }
    },
  };
}

/**
 * Softmax regression on noisy points, minus their running mean: it has trained weights, a statistic that moves after
 * the update, and draws of its own at every step, as the real tasks do.
 */
export function logisticRegression(
  random: Random,
  { classes = CLASSES, noiseScale = 0.1, meanDecay = 0.9 } = {},
): DisposableTask<PointBatch> {
  const make = (name: string, role: Weight["role"], shape: number[], value: () => number): Weight => {
    const size = shape.reduce((product, n) => product * n, 1);
    const variable = tf.tidy(() => tf.variable(tf.tensor(Float32Array.from({ length: size }, value), shape)));
    return { name, role, variable };
  };
  const initial = random.fork("initial");
  const kernel = make("dense/kernel", "kernel", [FEATURES, classes], () => initial.normal());
  const bias = make("dense/bias", "bias", [classes], () => 0);
  const mean = make("input/mean", "statistic", [FEATURES], () => 0);
  const weights = [kernel, bias];
  return {
    name: "logistic regression",
    weights,
    state: [...weights, mean],
    async step({ points, labels }, context) {
      const count = labels.length;
      const noise = context.random.fork("noise", context.step);
      const noisy = points.map((value) => value + noiseScale * noise.normal());
      const x = tf.tensor2d(noisy, [count, FEATURES]);
      const targets = tf.tidy(
        () => tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32") as tf.Tensor2D,
      );
      const logits = (): tf.Tensor2D =>
        tf.add(tf.matMul(tf.sub(x, mean.variable), kernel.variable as tf.Tensor2D), bias.variable);
      const { value: loss, grads } = tf.variableGrads(
        () => {
          const scores = logits(); // [N, classes]
          const logPartition = tf.log(tf.sum(tf.exp(scores), 1)); // [N]
          return tf.mean<tf.Scalar>(tf.sub(logPartition, tf.sum(tf.mul(scores, targets), 1))); // []
        },
        weights.map(({ variable }) => variable),
      );
      const accuracy = tf.tidy(() =>
        tf.mean<tf.Scalar>(tf.cast(tf.equal(tf.argMax(logits(), 1), tf.argMax(targets, 1)), "float32")),
      );
      const newMean = tf.tidy(() => tf.add(tf.mul(mean.variable, meanDecay), tf.mul(tf.mean(x, 0), 1 - meanDecay)));
      tf.dispose([x, targets]);
      return {
        loss,
        gradients: Object.fromEntries(weights.map(({ name, variable }) => [name, grads[variable.name]!])),
        metrics: { accuracy, count },
        commit() {
          mean.variable.assign(newMean);
          newMean.dispose();
        },
        discard: () => newMean.dispose(),
      };
    },
    dispose: () => tf.dispose([kernel.variable, bias.variable, mean.variable]),
  };
}
