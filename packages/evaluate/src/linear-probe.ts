import { checkChoice, checkInRange, checkInteger, checkPositive, type Random, type Weight } from "@simclr/core";
import { softmaxCrossEntropy } from "@simclr/losses";
import { constant, momentumSgd, type Optimizer, type Schedule, warmupCosine } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";
import { type ClassificationResult, classificationResult } from "./classification-result.js";
import { checkFeatures, type LabelledFeatures } from "./labelled-features.js";
import { oneHot } from "./one-hot.js";
import { rowsAt } from "./rows-at.js";
import { standardize } from "./standardize.js";

export interface LinearProbeOptions extends LabelledFeatures {
  /** Passes over the training features, >= 1. @defaultValue 100 */
  readonly epochs?: number;
  /** Training rows of one step, >= 1, or `full`: all of them, for few labels. @defaultValue 256 */
  readonly batchSize?: number | "full";
  /** Step size, > 0; used as given, whatever the batch size. @defaultValue 0.1 */
  readonly learningRate?: number;
  /** Whether the learning rate falls to 0 along half a cosine, or stays. @defaultValue "cosine" */
  readonly schedule?: "cosine" | "constant";
  /** L2 coefficient of kernel and bias, >= 0. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Draws the order of the rows in each epoch. */
  readonly random: Random;
}

export interface LinearProbeResult extends ClassificationResult {
  /** Cross-entropy of the training features after the last step, in nats. */
  readonly trainLoss: number;
}

/** Training data on the host, so that a step sends its own rows to the device and no more. */
interface Examples {
  /** Standardised, row-major [N, D]. */
  readonly features: Float32Array;
  readonly dimension: number;
  /** One-hot, row-major [N, C]. */
  readonly targets: Float32Array;
  readonly classCount: number;
}

/** A classifier and what trains it; all of it is disposed after use. */
interface Probe {
  readonly kernel: Weight;
  readonly bias: Weight;
  readonly optimizer: Optimizer;
}

/**
 * Trains a linear classifier on frozen features and tests it: the usual measure of a representation.
 *
 * Features are standardised by the mean and deviation of the training features. The classifier starts at zero and is
 * trained by SGD with Nesterov momentum 0.9 on the softmax cross-entropy; the last batch of an epoch may be smaller. The
 * same options and `random` give the same classifier. The gradient is computed in closed form: none need be registered.
 *
 * @throws InvalidArgumentError if arrays do not fit, a feature is not finite, a label is no class (such as -1,
 * unlabelled) or an option is out of range.
 */
export async function linearProbe(options: LinearProbeOptions): Promise<LinearProbeResult> {
  const { dimension, classCount, trainLabels, testLabels, random } = options;
  const { epochs = 100, batchSize = 256, learningRate = 0.1, schedule = "cosine", weightDecay = 0 } = options;
  const where = "linearProbe";
  checkInteger(where, { epochs }, 1);
  if (batchSize !== "full") checkInteger(where, { batchSize }, 1, 'Or pass "full".');
  checkPositive(where, { learningRate });
  checkChoice(where, { schedule }, ["cosine", "constant"]);
  checkInRange(where, { weightDecay }, 0, Number.MAX_VALUE);
  const { trainCount, testCount } = checkFeatures(where, options);

  const rows = batchSize === "full" ? trainCount : Math.min(batchSize, trainCount);
  const rates = learningRates(schedule, learningRate, Math.ceil(trainCount / rows), epochs);
  const { train, test } = standardize(options.trainFeatures, options.testFeatures, dimension);
  const examples: Examples = { features: train, dimension, targets: oneHot(trainLabels, classCount), classCount };
  const probe = makeProbe(dimension, classCount, weightDecay);
  try {
    await fit(probe, examples, { rows, epochs, rates, random });
    const scores = await logitsOf(probe, test, testCount);
    const protocol = `linear probe epochs=${epochs} batch=${batchSize} lr=${learningRate} ${schedule} wd=${weightDecay} standardised`;
    const result = classificationResult(protocol, scores, testLabels, classCount);
    return { ...result, trainLoss: await lossOf(probe, examples) };
  } finally {
    tf.dispose([probe.kernel.variable, probe.bias.variable]);
    probe.optimizer.dispose();
  }
}

function learningRates(
  kind: "cosine" | "constant",
  learningRate: number,
  stepsPerEpoch: number,
  epochs: number,
): Schedule {
  if (kind === "constant") return constant(learningRate, stepsPerEpoch * epochs);
  return warmupCosine({ learningRate, scaling: "none", sampleCount: stepsPerEpoch, batchSize: 1, epochs });
}

function makeProbe(dimension: number, classCount: number, weightDecay: number): Probe {
  const zeros = (shape: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(shape)));
  return {
    kernel: { name: "kernel", role: "classifier-kernel", variable: zeros([dimension, classCount]) },
    bias: { name: "bias", role: "classifier-bias", variable: zeros([classCount]) },
    optimizer: momentumSgd({ momentum: 0.9, nesterov: true, weightDecay }),
  };
}

interface FitOptions {
  readonly rows: number;
  readonly epochs: number;
  readonly rates: Schedule;
  readonly random: Random;
}

async function fit(probe: Probe, examples: Examples, { rows, epochs, rates, random }: FitOptions): Promise<void> {
  const count = examples.features.length / examples.dimension;
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.fork("epoch", epoch).permutation(count);
    for (let start = 0; start < count; start += rows) {
      const batch = order.subarray(start, start + rows);
      const rate = rates.learningRateAt(step++);
      tf.tidy(() => {
        const x = gatherRows(examples.features, examples.dimension, batch); // [rows, D]
        const y = gatherRows(examples.targets, examples.classCount, batch); // [rows, C]
        trainStep(probe, x, y, rate);
      });
    }
    await tf.nextFrame(); // lets timers and the device's queue go on
  }
}

function gatherRows(values: Float32Array, columns: number, indices: Int32Array): tf.Tensor2D {
  return tf.tensor2d(rowsAt(values, columns, indices), [indices.length, columns]);
}

/** The gradient of the mean cross-entropy is xᵀ(softmax - y) / rows for the kernel. */
function trainStep({ kernel, bias, optimizer }: Probe, x: tf.Tensor2D, y: tf.Tensor2D, rate: number): void {
  const probability = tf.softmax(logits(x, kernel, bias)); // [rows, C]
  const difference = tf.div(tf.sub(probability, y), x.shape[0]) as tf.Tensor2D; // [rows, C]
  const gradients = { kernel: tf.matMul(x, difference, true), bias: tf.sum(difference, 0) }; // [D, C], [C]
  optimizer.apply([kernel, bias], gradients, rate);
}

function logits(x: tf.Tensor2D, kernel: Weight, bias: Weight): tf.Tensor2D {
  return tf.add(tf.matMul(x, kernel.variable as tf.Tensor as tf.Tensor2D), bias.variable);
}

async function logitsOf({ kernel, bias }: Probe, features: Float32Array, rows: number): Promise<Float32Array> {
  const output = tf.tidy(() => logits(tf.tensor2d(features, [rows, features.length / rows]), kernel, bias)); // [rows, C]
  try {
    return await output.data<"float32">();
  } finally {
    output.dispose();
  }
}

async function lossOf({ kernel, bias }: Probe, examples: Examples): Promise<number> {
  const { features, dimension, targets, classCount } = examples;
  const rows = features.length / dimension;
  const loss = tf.tidy(() => {
    const output = logits(tf.tensor2d(features, [rows, dimension]), kernel, bias); // [N, C]
    return softmaxCrossEntropy(output, tf.tensor2d(targets, [rows, classCount])); // []
  });
  try {
    return (await loss.data<"float32">())[0]!;
  } finally {
    loss.dispose();
  }
}
