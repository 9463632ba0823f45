import { cifar, fineTune } from "@simclr/augment";
import type { ImageBatch } from "@simclr/core";
import { InvalidArgumentError, Random } from "@simclr/core";
import { distillation } from "@simclr/distill";
import { embeddingMap, extractFeatures, type Features, knn, linearProbe } from "@simclr/evaluate";
import { simClr, supervised } from "@simclr/methods";
import {
  type ClassifierNetwork,
  classifier,
  classifierNetwork,
  type Encoder,
  projectionHead,
  resNet,
} from "@simclr/models";
import { momentumSgd, warmupCosine } from "@simclr/optim";
import { defineHook, type TrainerHook, type TrainingTask, train } from "@simclr/trainer";
import type { Answer, Pictures, Probe, Settings } from "../messages.js";
import { batchesOf, imageTensors } from "./batches.js";
import { convNet } from "./conv-net.js";
import { countOf, pick, type Split } from "./pictures.js";

/** Labels of each class that the classifier is trained with. */
const LABELS_PER_CLASS = 20;
/** Pictures on the map, and rows that probes are fitted to and tested on, at most. */
const MAP_COUNT = 200;
const PROBE_COUNT = 500;
/** Least number of images in a batch: fewer have too few negatives. */
const LEAST_BATCH = 8;

export interface Experiment {
  readonly settings: Settings;
  readonly pictures: Split;
  readonly signal: AbortSignal;
  readonly tell: (answer: Answer) => void;
}

/**
 * Pretraining without labels, measured beside a random encoder; where there are labels, then fine-tuning with few of them
 * and distillation on all pictures.
 *
 * @returns The student, which the caller disposes; undefined without labels, or where it was stopped before.
 * @throws InvalidArgumentError if there are too few pictures.
 */
export async function runExperiment(experiment: Experiment): Promise<ClassifierNetwork | undefined> {
  const { settings, pictures, signal, tell } = experiment;
  const { train: trainPictures, test } = pictures;
  const batchSize = Math.min(settings.batchSize, Math.floor(countOf(trainPictures) / 2));
  if (batchSize < LEAST_BATCH)
    throw new InvalidArgumentError(
      `there are ${countOf(trainPictures)} pictures to train on; expected ${2 * LEAST_BATCH} or more. Choose more pictures.`,
      { subject: "pictures", expected: `>= ${2 * LEAST_BATCH}`, received: String(countOf(trainPictures)) },
    );
  const random = Random.fromSeed(settings.seed);
  const shown = pick(test, [...Array(Math.min(MAP_COUNT, countOf(test))).keys()]);
  tell({ kind: "pictures", trainCount: countOf(trainPictures), shown });
  const { viewSize: size } = settings;
  const encoder = buildEncoder(settings, random);
  const head = projectionHead({ inputDimension: encoder.featureDimension, layers: 2, random });
  const network = { encoder, head };
  const hasLabels = test.classNames.length >= 2;
  const measure = async (of: "random" | "trained") => {
    if (!hasLabels) return;
    tell({ kind: "stage", text: `measuring the ${of} encoder` });
    const probe = await probeOf(encoder, size, pictures, random);
    tell({ kind: "probe", of, chance: 1 / test.classNames.length, ...probe });
  };
  const drawMap = async (step: number) => {
    const { features, dimension } = await featuresOf(encoder, size, shown);
    tell({ kind: "map", step, points: await embeddingMap({ features, dimension, random }) });
  };
  try {
    await drawMap(0);
    await measure("random");
    tell({ kind: "stage", text: "pretraining without labels" });
    await fit({
      ...experiment,
      task: simClr({ ...network, recipe: cifar({ size, area: [0.25, 1], strength: 0.25 }) }),
      learningRate: 0.5,
      weightDecay: 1e-4,
      steps: settings.steps,
      batchSize,
      random,
      hooks: [
        defineHook({
          name: "tell",
          async stepEnd(run, { step, loss, metrics, imagesPerSecond }) {
            const { totalSteps } = run;
            const contrastAccuracy = metrics.contrastAccuracy!;
            const chance = 1 / batchSize;
            tell({ kind: "step", step: step + 1, totalSteps, loss, contrastAccuracy, chance, imagesPerSecond });
            if (run.step % settings.mapEvery === 0 || run.step === totalSteps) await drawMap(run.step);
          },
        }),
      ],
    });
    await measure("trained");
    if (!hasLabels || settings.studentSteps === 0 || signal.aborted) return undefined;
    return await trainStudent(experiment, network, random);
  } finally {
    encoder.dispose();
    head.dispose();
  }
}

interface Fit extends Experiment {
  readonly task: TrainingTask<ImageBatch>;
  /** Before it is scaled by the batch size over 256. */
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly random: Random;
  readonly hooks?: readonly TrainerHook[];
  /** @defaultValue those to train on */
  readonly on?: Pictures;
}

async function fit({ task, learningRate, weightDecay, steps, batchSize, random, hooks = [], ...rest }: Fit) {
  const { on = rest.pictures.train, signal } = rest;
  const source = batchesOf(on, batchSize, random);
  const sampleCount = source.stepsPerEpoch * batchSize;
  const epochs = steps / source.stepsPerEpoch;
  const optimizer = momentumSgd({ weightDecay });
  try {
    await train({
      task,
      optimizer,
      schedule: warmupCosine({ learningRate, batchSize, sampleCount, epochs, warmupEpochs: epochs / 15 }),
      totalSteps: steps,
      source,
      random,
      hooks,
      signal,
      checkGradientsEvery: 0,
    });
  } finally {
    optimizer.dispose();
  }
}

/** Fine-tunes a classifier on the pretrained network with few labels, and has it teach a student on all pictures. */
async function trainStudent(
  experiment: Experiment,
  { encoder, head }: Pick<ClassifierNetwork, "encoder"> & { head: ReturnType<typeof projectionHead> },
  random: Random,
): Promise<ClassifierNetwork | undefined> {
  const { settings, pictures, signal, tell } = experiment;
  const { train: all } = pictures;
  const classCount = all.classNames.length;
  const steps = settings.studentSteps;
  const labelled = pick(all, firstOfEachClass(all, LABELS_PER_CLASS));
  const recipe = fineTune({ size: settings.viewSize, area: [0.5, 1] });
  const hooks = [
    defineHook({
      name: "tell",
      stepEnd: (run, { step }) =>
        tell({ kind: "stage", text: `${run.task.name}, step ${step + 1} of ${run.totalSteps}` }),
    }),
  ];
  const batchSize = Math.min(64, countOf(labelled));
  const teacher = classifierNetwork({
    encoder,
    head,
    headLayers: 1,
    classifier: classifier({ inputDimension: head.dimensionAfter(1), classCount, random }),
  });
  const student = classifierNetwork({
    encoder: buildEncoder(settings, random.fork("student")),
    classifier: classifier({ inputDimension: encoder.featureDimension, classCount, random: random.fork("student") }),
  });
  try {
    const common = { ...experiment, steps, batchSize, random, hooks };
    await fit({
      ...common,
      task: supervised({ network: teacher, recipe }),
      on: labelled,
      learningRate: 0.4,
      weightDecay: 0,
    });
    const task = distillation({ teacher, student, recipe, temperature: 1 });
    if (!signal.aborted) await fit({ ...common, task, learningRate: 0.8, weightDecay: 5e-4 });
    if (!signal.aborted) return student;
  } finally {
    teacher.classifier.dispose(); // the rest is the caller's
  }
  student.dispose();
  return undefined;
}

/** The network of the page's own, or the smallest of the ResNets: slower, and better after some thousand steps. */
function buildEncoder({ network, width, layers, viewSize: imageSize }: Settings, random: Random): Encoder {
  if (network === "conv-net") return convNet.build({ options: { width, layers }, imageSize, random });
  return resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize, random });
}

function firstOfEachClass({ labels, classNames }: Pictures, count: number): number[] {
  const rows = [...labels.keys()];
  return classNames.flatMap((_, label) => rows.filter((i) => labels[i] === label).slice(0, count));
}

async function featuresOf(encoder: Encoder, size: number, pictures: Pictures): Promise<Features> {
  const batches = imageTensors(pictures, size, 100);
  return extractFeatures({ forward: (images) => encoder.forward(images, { training: false }).pooled, batches });
}

async function probeOf(encoder: Encoder, size: number, { train: all, test }: Split, random: Random): Promise<Probe> {
  const some = (pictures: Pictures) =>
    pick(pictures, [...pictures.labels.keys()].filter((i) => pictures.labels[i]! >= 0).slice(0, PROBE_COUNT));
  const [known, unknown] = [some(all), some(test)];
  const trainFeatures = await featuresOf(encoder, size, known);
  const testFeatures = await featuresOf(encoder, size, unknown);
  const rows = {
    trainFeatures: trainFeatures.features,
    trainLabels: known.labels,
    testFeatures: testFeatures.features,
    testLabels: unknown.labels,
    dimension: trainFeatures.dimension,
    classCount: known.classNames.length,
  };
  return {
    knn: (await knn({ ...rows, k: 20 })).top1,
    linear: (await linearProbe({ ...rows, batchSize: "full", epochs: 100, learningRate: 0.5, random })).top1,
  };
}
