import type { Dataset, Random } from "@simclr/core";
import type { CalibrationCheck } from "@simclr/report";
import * as tf from "@tensorflow/tfjs-core";
import { buildEncoder, testRecipe } from "../build.js";
import type { RunImages } from "../images.js";
import { percent } from "../percent.js";
import type { StageSummary } from "../results.js";
import { type Classified, classify } from "../stages/classify.js";
import { applyBudget } from "../stages/label-budget.js";
import {
  type Forward,
  featuresOf,
  logitsOf,
  measureKnn,
  measureLinear,
  measureLogits,
  representation,
} from "../stages/measure.js";
import type { StageEnvironment } from "../stages/stage.js";
import type { RunFolder } from "./run-folder.js";

/**
 * How hard the data set is: a network trained with all labels (it can be learnt), kNN on raw pixels (it is not given
 * away) and a linear probe on a random encoder (architecture alone does not solve it).
 */
export async function calibrate(
  images: RunImages,
  pretrainedProbe: number,
  folder: RunFolder,
  random: Random,
  environment: StageEnvironment,
): Promise<{ rows: readonly CalibrationCheck[]; summary: StageSummary }> {
  const { config, communicator, networks } = environment;
  const classCount = images.classNames.length;
  const recipe = testRecipe(config);
  const { batchSize } = config.evaluate;

  const { network, summary } = await trainCalibration(images, folder, random, environment);
  const rowsOf = (dataset: Dataset, forward: Forward) => featuresOf(dataset, recipe, batchSize, forward, communicator);
  const logits = await rowsOf(images.test, logitsOf(network));
  networks.dispose(network);
  const encoder = networks.own(buildEncoder(environment, random.fork("weights")));
  const forward = representation(encoder);
  const [train, test] = [await rowsOf(images.train, forward), await rowsOf(images.test, forward)];
  networks.dispose(encoder);
  if (communicator.rank > 0) return { rows: [], summary };

  const supervised = measureLogits(logits, "supervised");
  const [trainPixels, testPixels] = [
    await featuresOf(images.train, recipe, batchSize, pixelRows),
    await featuresOf(images.test, recipe, batchSize, pixelRows),
  ];
  const knn = await measureKnn(trainPixels, testPixels, classCount, config);
  const probe = await measureLinear(train, test, classCount, config);
  return {
    summary,
    rows: [
      row("supervised with all labels", supervised.top1, "at least 95 %", supervised.top1 >= 0.95),
      row("kNN on raw pixels, all labels", knn.top1, "at most 30 %", knn.top1 <= 0.3),
      row(
        "linear probe on the random encoder, all labels",
        probe.top1,
        `15 points below the pretrained one (${percent(pretrainedProbe)})`,
        probe.top1 <= pretrainedProbe - 0.15,
      ),
    ],
  };
}

/** The network that learns from all labels. */
export async function trainCalibration(
  images: RunImages,
  folder: RunFolder,
  random: Random,
  environment: StageEnvironment,
): Promise<Classified> {
  const all = await applyBudget(images.train, { given: true }, random);
  const training = environment.config.calibrate!;
  return classify(
    { name: "calibrate", title: "supervised with all labels", training, headLayer: 0 },
    images,
    { ...all, tag: "all-labels" },
    folder,
    random,
    environment,
  );
}

const row = (check: string, top1: number, limit: string, passed: boolean): CalibrationCheck => ({
  check,
  value: 100 * top1,
  unit: "%",
  limit,
  passed,
});

/** The test-time view of every image, as a row of numbers. */
const pixelRows = (images: tf.Tensor4D): tf.Tensor2D => tf.reshape(images, [images.shape[0], -1]);
