import type { Encoder, ProjectionHead } from "@simclr/models";
import { endpointFeatures } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import { testRecipe } from "../build.js";
import { percent } from "../percent.js";
import { surveyRepresentation } from "../report/survey.js";
import type { DepthProbe } from "../results.js";
import { type LabelledSubset, words } from "../stages/label-budget.js";
import {
  type Features,
  featuresOf,
  labelledRows,
  measureKnn,
  measureLbfgs,
  measureLinear,
  representation,
} from "../stages/measure.js";
import type { Pretrained } from "../stages/pretrain.js";
import { remember } from "./remember.js";
import { fingerprint } from "./run-folder.js";
import { addRow, type RunState } from "./run-state.js";

/** Training images with some of their labels, in words. */
interface LabelSet {
  readonly words: string;
  readonly count: number;
  readonly labels: Int32Array;
}

/** Features of all images, of which each measurement takes what has labels. */
interface Sides {
  readonly train: Features;
  readonly test: Features;
}

/**
 * kNN and linear probe of the pretrained encoder, with all labels and with each budget, and where the configuration asks for
 * it the same at every depth. What an earlier sitting measured is taken from its files.
 *
 * @returns Top-1 of the linear probe with the most labels; NaN on every rank but the first.
 */
export async function measureRepresentation(
  state: RunState,
  pretrained: Pretrained,
  budgets: readonly LabelledSubset[],
): Promise<number> {
  const { config, images, events } = state;
  events.line("measuring the representation");
  const sets = labelSets(state, budgets);
  const classCount = images.classNames.length;
  const sides = once(() => sidesOf(state, representation(pretrained.encoder)));
  let probe = Number.NaN;
  for (const set of sets) {
    const measured = await remembered(state, pretrained, "representation", set, sides, async ({ train, test }) => {
      const rows = labelledRows(train, set.labels);
      return {
        knn: await measureKnn(rows, test, classCount, config),
        linear: await measureLinear(rows, test, classCount, config),
      };
    });
    if (measured === undefined) continue;
    addRow(state, "kNN", set, measured.knn);
    addRow(state, "linear probe", set, measured.linear);
    if (Number.isNaN(probe)) probe = measured.linear.top1;
  }
  const { train: trainImages } = images;
  const whole = { words: "", count: trainImages.size, labels: trainImages.labels };
  const survey = await remembered(state, pretrained, "survey", whole, sides, ({ train, test }) =>
    surveyRepresentation(state, train, test),
  );
  if (state.report && survey) state.report.survey = survey;
  if (config.evaluate.depths) await measureDepths(state, pretrained, sets);
  return probe;
}

function labelSets({ images }: RunState, budgets: readonly LabelledSubset[]): LabelSet[] {
  const { labels } = images.train;
  const counts = images.classNames.map((_, k) => labels.filter((label) => label === k).length);
  const known = counts.reduce((sum, count) => sum + count, 0);
  const ofBudgets = budgets.map(({ words, count, dataset }) => ({ words, count, labels: dataset.labels }));
  if (budgets.some(({ count }) => count === known)) return ofBudgets;
  return [{ words: `all ${words(known, counts)}`, count: known, labels }, ...ofBudgets];
}

/** The features at every depth of a network: each stage of the encoder, h, and each layer of the head. */
interface Depths {
  /** From the images to the projection. */
  readonly names: readonly string[];
  /** Those of all depths side by side, `[N, sum of their widths]`. */
  readonly forward: (images: tf.Tensor4D) => tf.Tensor2D;
  /** Of each depth, known after a pass. */
  readonly widths: number[];
}

function depthsOf(encoder: Encoder, head: ProjectionHead): Depths {
  const pass = { training: false };
  const stages = encoder.endpoints.filter((name) => name !== "final_avg_pool"); // which is h
  const widths: number[] = [];
  return {
    names: [...stages, "h", ...Array.from({ length: head.layers }, (_, layer) => `head layer ${layer + 1}`)],
    widths,
    forward: (images) =>
      tf.tidy(() => {
        const output = encoder.forward(images, pass);
        const all = [...stages.map((name) => endpointFeatures(output, name)), ...head.forward(output.pooled, pass)];
        widths.splice(0, widths.length, ...all.map(({ shape }) => shape[1]));
        return tf.concat(all, 1);
      }),
  };
}

async function measureDepths(state: RunState, pretrained: Pretrained, sets: readonly LabelSet[]): Promise<void> {
  const { config, images, events, probes } = state;
  const classCount = images.classNames.length;
  const { names, forward, widths } = depthsOf(pretrained.encoder, pretrained.head);
  const sides = once(() => sidesOf(state, forward));
  for (const set of sets) {
    const measured = await remembered(state, pretrained, "depths", set, sides, async ({ train, test }) => {
      const rows = labelledRows(train, set.labels);
      const found: DepthProbe[] = [];
      for (const [i, depth] of names.entries()) {
        const from = widths.slice(0, i).reduce((sum, width) => sum + width, 0);
        const [fit, asked] = [columnsOf(rows, from, widths[i]!), columnsOf(test, from, widths[i]!)];
        const knn = await measureKnn(fit, asked, classCount, config);
        const linear = await measureLbfgs(fit, asked, classCount, config);
        const protocol = `${knn.protocol}; ${linear.protocol}`;
        found.push({ depth, dimension: widths[i]!, labels: set.words, knn: knn.top1, linear: linear.top1, protocol });
      }
      return found;
    });
    if (measured === undefined) continue;
    for (const { depth, knn, linear } of measured)
      events.line(`at ${depth}, ${set.words} labels: kNN ${percent(knn)}, linear probe ${percent(linear)}`);
    probes.push(...measured);
  }
}

function columnsOf({ values, dimension, labels }: Features, from: number, width: number): Features {
  const picked = new Float32Array(labels.length * width);
  for (let row = 0; row < labels.length; row++) {
    const start = row * dimension + from;
    picked.set(values.subarray(start, start + width), row * width);
  }
  return { values: picked, dimension: width, labels };
}

async function sidesOf(
  { config, images, communicator }: RunState,
  forward: (images: tf.Tensor4D) => tf.Tensor2D,
): Promise<Sides> {
  const recipe = testRecipe(config);
  const { batchSize } = config.evaluate;
  return {
    train: await featuresOf(images.train, recipe, batchSize, forward, communicator),
    test: await featuresOf(images.test, recipe, batchSize, forward, communicator),
  };
}

/** Undefined on every rank but the first. */
async function remembered<T>(
  { config, images, folder, communicator }: RunState,
  { inputs }: Pretrained,
  what: string,
  set: LabelSet,
  rows: () => Promise<Sides>,
  measure: (sides: Sides) => T | Promise<T>,
): Promise<T | undefined> {
  const { batchSize: _batchSize, depths: _depths, ...protocol } = config.evaluate;
  const key = fingerprint([
    ...[inputs, what, protocol, config.seed, config.data.imageSize],
    ...[images.train.fingerprint, images.test.fingerprint, [...set.labels]],
  ]);
  return remember({ file: folder.stage("measured", `${what}-${key}.json`), inputs: key, rows, measure }, communicator);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
