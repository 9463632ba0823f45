import { type Augmentation, batchView, splitCrop } from "@simclr/augment";
import { type Communicator, type Dataset, Random, singleProcess } from "@simclr/core";
import { createLoader } from "@simclr/data";
import { gatherParts } from "@simclr/distributed";
import {
  accuracy,
  expectedCalibrationError,
  extractFeatures,
  knn,
  lbfgsProbe,
  linearProbe,
  predictions,
  reliability,
} from "@simclr/evaluate";
import type { ClassifierNetwork, Encoder } from "@simclr/models";
import type { Reliability } from "@simclr/report";
import type * as tf from "@tensorflow/tfjs-core";
import type { Config } from "../config/schema.js";

/** Rows of features and their labels, on the host. */
export interface Features {
  /** [N, dimension] */
  readonly values: Float32Array;
  readonly dimension: number;
  readonly labels: Int32Array;
}

/** Rows of numbers for a batch of images. */
export type Forward = (images: tf.Tensor4D) => tf.Tensor2D;

/**
 * Runs `forward` over all images, in order, with the test-time crop. Collective: each rank takes its part of the batches that
 * one rank would make, and all get all rows, the same as from one.
 */
export async function featuresOf(
  dataset: Dataset,
  recipe: readonly Augmentation[],
  batchSize: number,
  forward: Forward,
  communicator: Communicator = singleProcess(),
): Promise<Features> {
  const { size } = communicator;
  const own = ownBatches(dataset.size, batchSize, communicator);
  const { features, dimension } = own.length > 0 ? await rowsOf(dataset, own, recipe, batchSize, forward) : NO_ROWS;
  if (size === 1) return { values: features, dimension, labels: dataset.labels };
  const widest = Float32Array.of(dimension);
  await communicator.allReduce(widest, "max"); // a rank without a batch does not know it
  const parts = await gatherParts(communicator, features);
  const values = new Float32Array(dataset.size * widest[0]!);
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return { values, dimension: widest[0]!, labels: dataset.labels };
}

const NO_ROWS = { features: new Float32Array(0), dimension: 0 };

/** The images of this rank's batches: whole ones, so that a batch holds the same images whatever the number of ranks. */
function ownBatches(images: number, batchSize: number, { rank, size }: Communicator): Int32Array {
  const batches = Math.ceil(images / batchSize);
  const edge = (part: number): number => Math.min(images, Math.floor((part * batches) / size) * batchSize);
  const [start, end] = [edge(rank), rank + 1 === size ? images : edge(rank + 1)];
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}

async function rowsOf(
  dataset: Dataset,
  indices: Int32Array,
  recipe: readonly Augmentation[],
  batchSize: number,
  forward: Forward,
): Promise<{ readonly features: Float32Array; readonly dimension: number }> {
  const random = Random.fromSeed(0); // a test-time recipe draws nothing
  const { crop } = splitCrop(recipe);
  const loader = createLoader(dataset, {
    batchSize,
    indices,
    random,
    shuffle: false,
    dropLast: false,
    ...(crop && { crop, views: 1 }),
  });
  async function* images(): AsyncGenerator<tf.Tensor4D> {
    for await (const batch of loader.epoch(0)) yield batchView(batch, recipe, { random, epoch: 0, step: 0, view: 0 });
  }
  try {
    return await extractFeatures({ forward, batches: images() });
  } finally {
    await loader.close();
  }
}

export const representation = (encoder: Encoder) => (images: tf.Tensor4D) =>
  encoder.forward(images, { training: false }).pooled;

export const logitsOf = (network: ClassifierNetwork) => (images: tf.Tensor4D) =>
  network.forward(images, { training: false });

/** The rows whose images have a label among `labels`. */
export function labelledRows(features: Features, labels: Int32Array): Features {
  const rows = [...labels.keys()].filter((row) => labels[row]! >= 0);
  const { dimension, values } = features;
  const picked = new Float32Array(rows.length * dimension);
  for (const [to, from] of rows.entries()) {
    picked.set(values.subarray(from * dimension, (from + 1) * dimension), to * dimension);
  }
  return { values: picked, dimension, labels: Int32Array.from(rows, (row) => labels[row]!) };
}

export interface Measured {
  readonly top1: number;
  readonly protocol: string;
  readonly predictions: readonly number[];
  /** Of logits: the probability of each prediction, in (0, 1]. */
  readonly confidences?: readonly number[];
  /** Of logits: how often they are right, by how sure they are. */
  readonly reliability?: Omit<Reliability, "title">;
}

export async function measureKnn(
  train: Features,
  test: Features,
  classCount: number,
  config: Config,
): Promise<Measured> {
  const { top1, protocol, predictions } = await knn({ ...sides(train, test), classCount, ...config.evaluate.knn });
  return { top1, protocol, predictions: [...predictions] };
}

export async function measureLinear(
  train: Features,
  test: Features,
  classCount: number,
  config: Config,
): Promise<Measured> {
  const random = Random.fromSeed(config.seed).fork("linear-probe");
  const { top1, protocol, predictions } = await linearProbe({
    ...sides(train, test),
    classCount,
    random,
    ...config.evaluate.linear,
  });
  return { top1, protocol, predictions: [...predictions] };
}

/** The linear probe fitted to its optimum, which takes seconds and has no learning rate that would suit one depth better. */
export async function measureLbfgs(
  train: Features,
  test: Features,
  classCount: number,
  config: Config,
): Promise<Measured> {
  const random = Random.fromSeed(config.seed).fork("lbfgs-probe");
  const { top1, protocol, predictions } = await lbfgsProbe({ ...sides(train, test), classCount, random });
  return { top1, protocol, predictions: [...predictions] };
}

/** Top-1 of rows of logits, and how sure they are. */
export function measureLogits(logits: Features, protocol: string): Measured {
  const { values, dimension, labels } = logits;
  const classes = predictions(values, dimension);
  const probabilities = softmaxRows(values, dimension);
  const options = { probabilities, labels, classCount: dimension };
  return {
    top1: accuracy(classes, labels),
    protocol,
    predictions: [...classes],
    confidences: Array.from(classes, (k, row) => probabilities[row * dimension + k]!),
    reliability: { bins: reliability(options), error: expectedCalibrationError(options) },
  };
}

function softmaxRows(logits: Float32Array, dimension: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += dimension) {
    const row = logits.subarray(start, start + dimension);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    for (let k = 0; k < dimension; k++) probabilities[start + k] = Math.exp(row[k]! - largest) / sum;
  }
  return probabilities;
}

function sides(train: Features, test: Features) {
  return {
    trainFeatures: train.values,
    trainLabels: train.labels,
    testFeatures: test.values,
    testLabels: test.labels,
    dimension: train.dimension,
  };
}
