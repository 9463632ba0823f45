import { type Communicator, type Dataset, Random, UNLABELLED } from "@simclr/core";
import { subset } from "@simclr/data";
import { predictions } from "@simclr/evaluate";
import { testRecipe } from "../build.js";
import type { Config } from "../config/schema.js";
import type { DistillationRecord, Shares } from "../results.js";
import { type Forward, featuresOf } from "../stages/measure.js";

/** Training images that are asked about at most. */
const MOST_IMAGES = 5_000;

/** The classes that a network sees in training images, and what it should see; plain JSON. */
export interface TrainingAnswers {
  readonly predictions: readonly number[];
  /** -1 where the data set itself does not know. */
  readonly truth: readonly number[];
  /** Whether the label was there in training. */
  readonly isLabelled: readonly boolean[];
}

/**
 * Asks for the class of training images, the same images each time: at most 5,000, at the test-time crop; collective.
 *
 * @param logits - Of the network, or the networks, asked.
 */
export async function askTrainingImages(
  logits: Forward,
  train: Dataset,
  labelled: Dataset,
  config: Config,
  communicator: Communicator,
): Promise<TrainingAnswers> {
  const rows = Random.fromSeed(config.seed).fork("student-vs-teacher").permutation(train.size).slice(0, MOST_IMAGES);
  const asked = subset(train, rows);
  const { values, dimension } = await featuresOf(
    asked,
    testRecipe(config),
    config.evaluate.batchSize,
    logits,
    communicator,
  );
  return {
    predictions: [...predictions(values, dimension)],
    truth: [...asked.labels],
    isLabelled: Array.from(rows, (row) => labelled.labels[row] !== UNLABELLED),
  };
}

/** One side of a comparison. */
export interface Answers {
  /** Classes of the test images. */
  readonly test: ArrayLike<number>;
  readonly training: TrainingAnswers;
}

/**
 * Why does a student beat its teacher? How often both agree, how often each is right on labelled, unlabelled and test images,
 * and on how many test images the student is right where its teacher was wrong, and the other way round.
 *
 * @param truth - Classes of the test images.
 */
export function compareAnswers(
  about: Pick<DistillationRecord, "name" | "labels" | "round">,
  teacher: Answers,
  student: Answers,
  truth: ArrayLike<number>,
): DistillationRecord {
  const test = Array.from(truth, (_, i) => i);
  const training = Array.from(teacher.training.truth, (_, i) => i);
  return {
    ...about,
    teacher: sharesOf(teacher, truth),
    student: sharesOf(student, truth),
    agreement: {
      training: share(training, (i) => teacher.training.predictions[i] === student.training.predictions[i])!,
      test: share(test, (i) => teacher.test[i] === student.test[i])!,
    },
    corrected: share(test, (i) => student.test[i] === truth[i] && teacher.test[i] !== truth[i])!,
    spoiled: share(test, (i) => student.test[i] !== truth[i] && teacher.test[i] === truth[i])!,
  };
}

function sharesOf({ test, training }: Answers, truth: ArrayLike<number>): Shares {
  const known = [...training.truth.keys()].filter((i) => training.truth[i] !== UNLABELLED);
  const isRight = (i: number): boolean => training.predictions[i] === training.truth[i];
  return {
    labelled: share(
      known.filter((i) => training.isLabelled[i]),
      isRight,
    ),
    unlabelled: share(
      known.filter((i) => !training.isLabelled[i]),
      isRight,
    ),
    test: share(
      Array.from(truth, (_, i) => i),
      (i) => test[i] === truth[i],
    )!,
  };
}

/** Undefined of no images. */
function share(indices: readonly number[], holds: (i: number) => boolean): number | undefined {
  return indices.length === 0 ? undefined : indices.filter(holds).length / indices.length;
}
