import { Random, singleProcess } from "@simclr/core";
import { subset } from "@simclr/data";
import { testRecipe } from "../build.js";
import type { Config } from "../config/schema.js";
import { type PipelineEvents, silent } from "../events.js";
import { openImages, type RunImages } from "../images.js";
import { availableMemory } from "../memory/available-memory.js";
import { predictMemory } from "../memory/check-memory.js";
import { trainCalibration } from "../run/calibrate.js";
import { completeBudgets, drawBudgets } from "../run/label-subsets.js";
import { prepareBackend, prepareParts } from "../run/prepare.js";
import { RunFolder } from "../run/run-folder.js";
import type { RunStage, RunState } from "../run/run-state.js";
import { loadTeaching, trainWithLabels } from "../run/with-labels.js";
import { InterruptedError } from "../stages/interrupted-error.js";
import type { LabelledSubset } from "../stages/label-budget.js";
import { type Features, featuresOf, measureKnn, measureLinear, representation } from "../stages/measure.js";
import { Networks } from "../stages/networks.js";
import { type Pretrained, pretrain } from "../stages/pretrain.js";
import { type ForecastStage, rehearsal } from "./rehearse.js";

/** Images that are put through the network to see how long measuring takes. */
const SAMPLE = 1000;
/** Training images that each network answers for, beside the test images. */
const ANSWERED = 5000;

export interface ForecastOptions {
  readonly events?: PipelineEvents;
  /** Ends the forecast with InterruptedError. */
  readonly signal?: AbortSignal;
  /** The last stage, as of `run`. @defaultValue all of the configuration */
  readonly until?: RunStage | undefined;
}

/** What a run would do, and what it would take. */
export interface Forecast {
  readonly formatVersion: 1;
  readonly name: string;
  /** Of the run; nothing in it was changed. */
  readonly folder: string;
  readonly backend: string;
  readonly trainingImages: number;
  readonly testImages: number;
  readonly stages: readonly ForecastStage[];
  /** Opening and decoding the images, as it took now. */
  readonly readingSeconds: number;
  /** Of the networks, on test and training images; the report comes on top. */
  readonly measuringSeconds: number;
  /** All of that. */
  readonly seconds: number;
  readonly memory: {
    /** What the process took at most while it tried the stages, and what `calibrate` takes for kNN on raw pixels. */
    readonly peakBytes: number;
    /** What the plan of each stage's network says, for the largest; null where plugins' networks cannot be planned. */
    readonly plannedBytes: number | null;
    /** What this process has, and the machine or the container can still give. */
    readonly availableBytes: number;
  };
}

/**
 * Says what `run` would do with this configuration and folder, and what it would take: makes a few real steps of every stage that is not
 * done, on the chosen backend, and measures them. Writes nothing.
 *
 * @throws What `run` throws before it trains; InterruptedError after a signal.
 */
export async function forecastRun(config: Config, options: ForecastOptions = {}): Promise<Forecast> {
  const { events = silent, signal, until } = options;
  const prepared = await prepareParts(config, events);
  const { parts } = prepared;
  const folder = await RunFolder.open(config, { writes: false });
  const backend = await prepareBackend(config, prepared, events);
  const opened = performance.now();
  const images = await openImages(config, parts, events);
  const readingSeconds = (performance.now() - opened) / 1000;
  const networks = new Networks();
  try {
    const random = Random.fromSeed(config.seed);
    const stages: ForecastStage[] = [];
    const state: RunState = {
      ...{ config, parts, events, signal, startedMs: opened, communicator: singleProcess(), images, folder, random },
      ...{
        networks,
        trains: true,
        rehearsal: rehearsal(stages),
        rows: [],
        probes: [],
        distillation: [],
        stages: [],
        calibration: [],
        report: undefined,
      },
    };
    const drawn = await drawBudgets(config, images, random);
    const teaching = await loadTeaching(state, until);
    const pretrained = await pretrain(images, folder, random, state);
    const budgets = await completeBudgets(state, pretrained, drawn);
    const isMeasured = stages.at(0)?.status === "done";
    const measuring = await timeOfMeasuring(state, pretrained, budgets);
    if (until !== "pretrain")
      for (const labelled of budgets) {
        if (signal?.aborted) throw new InterruptedError("stopped before the forecast was done.");
        await trainWithLabels(state, pretrained, labelled, teaching);
      }
    if (config.calibrate && until === undefined) await trainCalibration(images, folder, random, state);
    const untrained = stages.slice(pretrained.summary === undefined ? 0 : 1).filter(({ status }) => status !== "done");
    const measuringSeconds =
      (isMeasured ? 0 : measuring.representation) +
      untrained.length * measuring.network +
      (untrained.some(({ stage }) => stage.startsWith("distilling")) ? teachers(config) * measuring.logits : 0);
    const training = stages.reduce((total, { seconds }) => total + seconds, 0);
    return {
      ...{ formatVersion: 1, name: config.name, folder: folder.path, backend: `${backend.name} (${backend.details})` },
      ...{ trainingImages: images.train.size, testImages: images.test.size, stages, readingSeconds, measuringSeconds },
      seconds: readingSeconds + measuringSeconds + training,
      memory: {
        peakBytes: process.resourceUsage().maxRSS * 1024 + (until === undefined ? pixelBytes(config, images) : 0),
        plannedBytes: largest(predictMemory(config).map(({ plan }) => plan.total)),
        availableBytes: process.memoryUsage.rss() + availableMemory(),
      },
    };
  } finally {
    networks.disposeAll();
    await images.close();
  }
}

/** Seconds that measurements take: those of the representation together, and those of one network. */
interface MeasuringTime {
  readonly representation: number;
  readonly network: number;
  /** Of one teacher, whose logits of all training images are kept. */
  readonly logits: number;
}

/** Networks whose logits are kept. */
function teachers({ labels, distill }: Config): number {
  if (distill?.teacher !== "cached") return 0;
  return labels.length * (1 + (distill.teachers?.length ?? 0) + distill.students.length * (distill.rounds - 1));
}

/** Puts some images through the encoder, and scales; the probes are trained on numbers of the right shape, for two epochs. */
async function timeOfMeasuring(
  { config, images }: RunState,
  { encoder }: Pretrained,
  budgets: readonly LabelledSubset[],
): Promise<MeasuringTime> {
  const { train, test, classNames } = images;
  const { batchSize, linear } = config.evaluate;
  const sample = subset(
    test,
    Int32Array.from({ length: Math.min(SAMPLE, test.size) }, (_, i) => i),
  );
  const pass = () => featuresOf(sample, testRecipe(config), batchSize, representation(encoder));
  await pass(); // memory is allotted and kernels are prepared
  const [features, seconds] = await timed(pass);
  const perImage = seconds / sample.size;
  const counts = [train.labels.filter((label) => label >= 0).length, ...budgets.map(({ count }) => count)];
  let probes = 0;
  for (const count of new Set(counts)) {
    const rows = repeated(features, count);
    const [, few] = await timed(() => measureLinear(rows, features, classNames.length, withEpochs(config, 1)));
    const [, more] = await timed(() => measureLinear(rows, features, classNames.length, withEpochs(config, 3)));
    const [, knn] = await timed(() => measureKnn(rows, features, classNames.length, config));
    probes += few + (linear.epochs - 1) * Math.max(0, (more - few) / 2) + knn * (test.size / sample.size);
  }
  return {
    representation: perImage * (train.size + test.size) + probes,
    network: perImage * (test.size + Math.min(ANSWERED, train.size)),
    logits: perImage * train.size,
  };
}

/** All images as rows of pixels, and scaled to unit length, as kNN holds them; 0 where nothing is calibrated. */
function pixelBytes({ calibrate, data }: Config, { train, test }: RunImages): number {
  const bytesOfImage = data.imageSize ** 2 * data.channels * Float32Array.BYTES_PER_ELEMENT;
  return calibrate === undefined ? 0 : 2 * (train.size + test.size) * bytesOfImage;
}

const withEpochs = (config: Config, epochs: number): Config => ({
  ...config,
  evaluate: { ...config.evaluate, linear: { ...config.evaluate.linear, epochs } },
});

/** As many rows as `count`, over and over from those that are there. */
function repeated({ values, dimension, labels }: Features, count: number): Features {
  const rows = new Float32Array(count * dimension);
  for (let row = 0; row < count; row++) {
    const from = (row % labels.length) * dimension;
    rows.set(values.subarray(from, from + dimension), row * dimension);
  }
  return {
    values: rows,
    dimension,
    labels: Int32Array.from({ length: count }, (_, row) => labels[row % labels.length]!),
  };
}

async function timed<T>(action: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await action();
  return [result, (performance.now() - start) / 1000];
}

const largest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));
