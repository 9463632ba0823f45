import { type BackendReport, useBackend } from "@simclr/backends";
import { type Communicator, Random, singleProcess } from "@simclr/core";
import { encoderName, pretrainLoss, pretrainRecipe, testRecipe } from "../build.js";
import type { Config, StudentConfig } from "../config/schema.js";
import { type PipelineEvents, silent } from "../events.js";
import { openImages, type RunImages } from "../images.js";
import { checkMemory } from "../memory/check-memory.js";
import { checkHooks } from "../plugins/build-hooks.js";
import { pretrainMethod } from "../plugins/build-method.js";
import { checkArchitectures, checkNetworks } from "../plugins/check-networks.js";
import { checkParts } from "../plugins/check-parts.js";
import { openParts } from "../plugins/parts.js";
import type { DistillationRecord, MeasuredRow, RunResults, StageSummary } from "../results.js";
import { type Classified, classify } from "../stages/classify.js";
import { distill } from "../stages/distill.js";
import { applyBudget, type LabelledSubset, words } from "../stages/label-budget.js";
import {
  type Features,
  featuresOf,
  labelledRows,
  logitsOf,
  type Measured,
  measureKnn,
  measureLinear,
  measureLogits,
  representation,
} from "../stages/measure.js";
import { type Pretrained, pretrain } from "../stages/pretrain.js";
import type { StageEnvironment } from "../stages/train-stage.js";
import { calibrate } from "./calibrate.js";
import { pluginWords, runFacts } from "./facts.js";
import { agreeOnInputs, announceRanks, openTogether, resultsOfFirst } from "./ranks.js";
import { REPORT, reportOf } from "./report-of.js";
import type { RunFolder } from "./run-folder.js";
import { askTrainingImages, compareAnswers, type TrainingAnswers } from "./student-vs-teacher.js";

export interface RunOptions {
  readonly events?: PipelineEvents;
  /** Finish the step, write a checkpoint, throw InterruptedError. */
  readonly signal?: AbortSignal;
  /** Move what an earlier run left aside and start anew. */
  readonly fresh?: boolean;
  /**
   * The ranks that do the run together, each with the same config and a folder that all of them see; borrowed. Rank 0 alone
   * writes, prints and measures. @defaultValue one process
   */
  readonly communicator?: Communicator;
}

export interface RunOutcome {
  readonly results: RunResults;
  readonly folder: string;
  /** The HTML file. */
  readonly report: string;
}

/** What the stages of a run share. */
interface Run extends StageEnvironment {
  readonly images: RunImages;
  readonly folder: RunFolder;
  readonly random: Random;
  readonly rows: MeasuredRow[];
  readonly distillation: DistillationRecord[];
  readonly stages: StageSummary[];
}

/**
 * The whole of SimCLRv2: pretrains on all images without labels, then, for each label budget, fine-tunes, distils, and
 * measures beside the controls on the test images. A run that was stopped goes on where it was; stages that are done
 * are not done again.
 *
 * @throws SimclrError where the config, the data or a checkpoint is at fault, or memory will not suffice; InterruptedError after a signal.
 */
export async function run(config: Config, options: RunOptions = {}): Promise<RunOutcome> {
  const { signal, fresh = false, communicator = singleProcess() } = options;
  const isFirst = communicator.rank === 0;
  const events = isFirst ? (options.events ?? silent) : silent;
  const started = Date.now();
  const startedMs = performance.now();
  const parts = await openParts(config);
  for (const plugin of parts.plugins) events.line(`plugin: ${pluginWords(plugin)}`);
  const recipe = pretrainRecipe(config, parts);
  const loss = pretrainLoss(config, parts);
  const method = pretrainMethod({ config, parts });
  checkHooks(config, parts);
  checkArchitectures({ config, parts });
  const folder = await openTogether(config, fresh, communicator);
  announceRanks(communicator, events);
  const backend = await chooseBackend(config, events);
  await checkParts(config, recipe, loss, method, parts);
  await checkNetworks({ config, parts });
  if (config.memory.check) announceUnknown(checkMemory(config), events);
  const images = await openImages(config, events);
  try {
    await agreeOnInputs(config, images, parts.plugins, communicator);
    const random = Random.fromSeed(config.seed);
    const state: Run = {
      config,
      parts,
      events,
      signal,
      startedMs,
      communicator,
      images,
      folder,
      random,
      rows: [],
      distillation: [],
      stages: [],
    };
    // All budgets are drawn first, so that one that leaves a class empty is refused before anything is trained.
    const budgets: LabelledSubset[] = [];
    for (const budget of config.labels) budgets.push(await applyBudget(images.train, budget, random));
    const pretrained = await pretrain(images, folder, random, state);
    state.stages.push(pretrained.summary);
    const probe = await measureRepresentation(state, pretrained, budgets);
    for (const labelled of budgets) await trainWithLabels(state, pretrained, labelled);
    const calibration = config.calibrate ? await calibrate(images, probe, folder, random, state) : undefined;
    if (calibration) state.stages.push(calibration.summary);
    pretrained.encoder.dispose();
    pretrained.head.dispose();
    if (!isFirst) {
      const results = await resultsOfFirst(folder, communicator);
      return { results, folder: folder.path, report: folder.stage(REPORT) };
    }

    const results: RunResults = {
      formatVersion: 1,
      name: config.name,
      seed: config.seed,
      finishedAt: new Date().toISOString(),
      accuracy: state.rows.map(({ predictions: _predictions, ...row }) => row),
      calibration: calibration?.rows ?? [],
      stages: state.stages,
      distillation: state.distillation,
      facts: runFacts(config, backend, images, parts.plugins, Date.now() - started),
      plugins: parts.plugins.map(({ name, version, sha256, file }) => ({
        name,
        ...(version && { version }),
        sha256,
        file,
      })),
      skipped: images.skipped,
    };
    await folder.writeJson("results.json", results);
    const stageFolders = state.stages.map(({ stage, folder: path }) => ({ title: stage, folder: path }));
    const report = await reportOf(results, state.rows, images, config, parts, folder, stageFolders);
    await communicator.barrier(); // for the ranks that read it
    return { results, folder: folder.path, report };
  } finally {
    await images.close();
  }
}

function announceUnknown(stages: readonly string[], events: PipelineEvents): void {
  if (stages.length === 0) return;
  events.line(`memory: not predicted for ${stages.join(", ")}, whose encoder comes from a plugin`);
}

async function chooseBackend({ backend }: Config, events: PipelineEvents): Promise<BackendReport> {
  const { name, threads, precision } = backend;
  const report = await useBackend(name, { precision, ...(threads !== undefined && { threads }) });
  events.line(`backend: ${report.name} (${report.details})`);
  const passedOver = report.tried.filter(({ name: tried }) => tried !== "tensorflow");
  for (const { name: tried, reason } of passedOver) events.line(`warning: not ${tried}: ${reason}`);
  return report;
}

/** kNN and linear probe of the pretrained encoder, with all labels and with each budget. Gives the probe with all. */
async function measureRepresentation(
  state: Run,
  { encoder }: Pretrained,
  budgets: readonly LabelledSubset[],
): Promise<number> {
  const { config, images, events, communicator } = state;
  if (communicator.rank > 0) return Number.NaN;
  events.line("measuring the representation");
  const recipe = testRecipe(config);
  const forward = representation(encoder);
  const train = await featuresOf(images.train, recipe, config.evaluate.batchSize, forward);
  const test = await featuresOf(images.test, recipe, config.evaluate.batchSize, forward);
  const classCount = images.classNames.length;
  let probe = Number.NaN;
  const measure = async (rows: Features, labels: string): Promise<void> => {
    addRow(state, "kNN", labels, await measureKnn(rows, test, classCount, config));
    const linear = await measureLinear(rows, test, classCount, config);
    addRow(state, "linear probe", labels, linear);
    if (Number.isNaN(probe)) probe = linear.top1;
  };
  const everything = labelledRows(train, images.train.labels);
  const known = everything.labels.length;
  if (!budgets.some(({ count }) => count === known)) {
    const counts = images.classNames.map((_, k) => everything.labels.filter((label) => label === k).length);
    await measure(everything, `all ${words(known, counts)}`);
  }
  for (const { dataset, words: labels } of budgets) await measure(labelledRows(train, dataset.labels), labels);
  return probe;
}

/** For one label budget: the control from scratch, fine-tuning, and every student. */
async function trainWithLabels(state: Run, pretrained: Pretrained, labelled: LabelledSubset): Promise<void> {
  const { config, images, folder, random } = state;
  const { headLayer, fineTuneAfter, freezeHead, ...finetuning } = config.finetune;
  const labels = labelled.words;
  if (config.supervised) {
    const title = `supervised from scratch with ${labels} labels`;
    const options = { name: "supervised", title, training: config.supervised, headLayer } as const;
    const control = await classify(options, images, labelled, folder, random, state);
    await addNetwork(state, "supervised from scratch", labels, control, { isBaseline: true });
    control.network.dispose();
  }
  const title = `fine-tuning with ${labels} labels`;
  const options = {
    name: "finetune",
    title,
    training: finetuning,
    headLayer,
    pretrained,
    freezing: { fineTuneAfter, freezeHead },
  } as const;
  const teacher = await classify(options, images, labelled, folder, random, state);
  const answers = await addNetwork(state, "fine-tuned", labels, teacher);
  const first: Taught = { classified: teacher, answers, training: await trainingAnswers(state, teacher, labelled) };
  for (const student of config.distill?.students ?? []) await distilRounds(state, student, first, pretrained, labelled);
  teacher.network.dispose();
}

/** A network that may teach, and what it answers; on the first rank. */
interface Taught {
  readonly classified: Classified;
  readonly answers: readonly number[] | undefined;
  readonly training: TrainingAnswers | undefined;
}

/** One student, and those that it teaches in turn. */
async function distilRounds(
  state: Run,
  student: StudentConfig,
  first: Taught,
  pretrained: Pretrained,
  labelled: LabelledSubset,
): Promise<void> {
  const { config, images, folder, random, events } = state;
  const settings = config.distill!;
  const { rounds, stopAgreement } = settings;
  let teacher = first;
  for (let round = 1; round <= rounds; round++) {
    const options = { settings, student, teacher: teacher.classified, round, pretrained, labelled };
    const classified = await distill(options, images, folder, random, state);
    const name = round === 1 ? student.name : `${student.name}, round ${round}`;
    const answers = await addNetwork(state, `distilled (${name})`, labelled.words, classified);
    const training = await trainingAnswers(state, classified, labelled);
    if (answers && training && teacher.answers && teacher.training)
      state.distillation.push(
        compareAnswers(
          { name: student.name, labels: labelled.words, round },
          { test: teacher.answers, training: teacher.training },
          { test: answers, training },
          images.test.labels,
        ),
      );
    if (teacher !== first) teacher.classified.network.dispose();
    teacher = { classified, answers, training };
    const agreement = classified.summary.metrics.agreement ?? 0;
    if (round < rounds && agreement >= stopAgreement) {
      events.line(
        `${student.name}: no further round: student and teacher agree on ${(100 * agreement).toFixed(1)} % of the training crops`,
      );
      break;
    }
  }
  teacher.classified.network.dispose();
}

async function trainingAnswers(
  { config, images, communicator }: Run,
  { network }: Classified,
  { dataset }: LabelledSubset,
): Promise<TrainingAnswers | undefined> {
  if (config.distill === undefined || communicator.rank > 0) return undefined;
  return askTrainingImages(network, images.train, dataset, config);
}

/** Gives the classes predicted for the test images, on the first rank. */
async function addNetwork(
  state: Run,
  method: string,
  labels: string,
  trained: Classified,
  { isBaseline = false } = {},
): Promise<readonly number[] | undefined> {
  const { config, images, communicator } = state;
  state.stages.push(trained.summary);
  if (communicator.rank > 0) return undefined;
  const logits = await featuresOf(
    images.test,
    testRecipe(config),
    config.evaluate.batchSize,
    logitsOf(trained.network),
  );
  const protocol = `${encoderName(trained.network.encoder)}, ${trained.summary.steps} steps, centre crop`;
  const measured = measureLogits(logits, protocol);
  addRow(state, method, labels, measured, isBaseline);
  return measured.predictions;
}

function addRow(state: Run, method: string, labels: string, measured: Measured, isBaseline = false): void {
  state.rows.push({ method, labels, testCount: state.images.test.size, isBaseline, ...measured });
  state.events.line(`${method}, ${labels} labels: ${(100 * measured.top1).toFixed(1)} %`);
}
