import { type Communicator, Random, singleProcess } from "@simclr/core";
import type { Config } from "../config/schema.js";
import { type PipelineEvents, silent } from "../events.js";
import { openImages } from "../images.js";
import { REPORT } from "../report/report-data.js";
import { RunReport } from "../report/run-report.js";
import { accuracyRows, type RunResults } from "../results.js";
import { InterruptedError } from "../stages/interrupted-error.js";
import { Networks } from "../stages/networks.js";
import { pretrain } from "../stages/pretrain.js";
import { calibrate } from "./calibrate.js";
import { runFacts } from "./facts.js";
import { completeBudgets, type DrawnBudgets, drawBudgets } from "./label-subsets.js";
import { measureRepresentation } from "./measure-representation.js";
import { type PreparedParts, prepareBackend, prepareParts } from "./prepare.js";
import { agreeOnInputs, announceRanks, openTogether, resultsOfFirst } from "./ranks.js";
import type { RunStage, RunState } from "./run-state.js";
import { loadTeaching, trainWithLabels } from "./with-labels.js";

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
  /** The last stage to do; the ones before it are done too, where they are not yet. @defaultValue all of the configuration */
  readonly until?: RunStage;
  /** Whether stages that are not done are trained; else they are an error, and the run measures only. @defaultValue true */
  readonly trains?: boolean;
  /**
   * A folder for trained stages, where runs whose stages have the same inputs find each other's; the run's own folder then
   * holds links to them. @defaultValue none: a run keeps its stages to itself
   */
  readonly sharedStages?: string;
}

export interface RunOutcome {
  readonly results: RunResults;
  readonly folder: string;
  /** The HTML file. */
  readonly report: string;
}

/**
 * The whole of SimCLRv2: pretrains on all images without labels, then, for each label budget, fine-tunes, distils, and
 * measures beside the controls on the test images. A run that was stopped goes on where it was; stages that are done
 * are not done again.
 *
 * @throws SimclrError where the config, the data or a checkpoint is at fault, or memory will not suffice; InterruptedError after a signal.
 */
export async function run(config: Config, options: RunOptions = {}): Promise<RunOutcome> {
  const { signal, fresh = false, communicator = singleProcess(), until, trains = true, sharedStages } = options;
  const isFirst = communicator.rank === 0;
  const events = isFirst ? (options.events ?? silent) : silent;
  const startedMs = performance.now();
  const prepared = await prepareParts(config, events);
  const folder = await openTogether(config, { fresh, shared: sharedStages, say: events.line }, communicator);
  const networks = new Networks();
  try {
    const session = { events, signal, startedMs, communicator, folder, networks, trains };
    return await runIn(session, config, prepared, until);
  } finally {
    networks.disposeAll();
    folder.close();
  }
}

/** One sitting of a run, in its folder. */
type Session = Pick<RunState, "events" | "signal" | "startedMs" | "communicator" | "folder" | "networks" | "trains">;

async function runIn(
  session: Session,
  config: Config,
  prepared: PreparedParts,
  until: RunStage | undefined,
): Promise<RunOutcome> {
  const { events, communicator, folder, startedMs } = session;
  const { parts } = prepared;
  const isFirst = communicator.rank === 0;
  announceRanks(communicator, events);
  const backend = await prepareBackend(config, prepared, events);
  const images = await openImages(config, parts, events);
  try {
    await agreeOnInputs(images, parts.plugins, backend, communicator);
    const random = Random.fromSeed(config.seed);
    const facts = () => runFacts(config, backend, images, parts.plugins, performance.now() - startedMs);
    const report = isFirst ? new RunReport(facts) : undefined;
    const state: RunState = {
      ...session,
      ...{ config, parts, images, random, report },
      ...{ rows: [], probes: [], distillation: [], stages: [], calibration: [] },
      stageStarts: async ({ isDone, ...stage }) => report?.stageStarts(state, stage, isDone),
    };
    const drawn = await drawBudgets(config, images, random);
    try {
      await trainAndMeasure(state, drawn, until);
    } catch (error) {
      if (error instanceof InterruptedError) await report?.write(state);
      throw error;
    }
    if (!isFirst) {
      const results = await resultsOfFirst(folder, communicator);
      return { results, folder: folder.path, report: folder.stage(REPORT) };
    }

    const results: RunResults = {
      formatVersion: 1,
      name: config.name,
      seed: config.seed,
      finishedAt: new Date().toISOString(),
      accuracy: accuracyRows(state.rows, images.test.labels),
      calibration: state.calibration,
      stages: state.stages,
      probes: state.probes,
      distillation: state.distillation,
      facts: facts(),
      plugins: parts.plugins.map(({ name, version, sha256, file }) => ({
        name,
        ...(version && { version }),
        sha256,
        file,
      })),
      skipped: images.skipped,
    };
    await folder.writeJson("results.json", results);
    const page = await state.report!.finish(state);
    await communicator.barrier(); // for the ranks that read it
    return { results, folder: folder.path, report: page };
  } finally {
    await images.close();
  }
}

/** All stages up to `until`; what they find is in the state afterwards. */
async function trainAndMeasure(state: RunState, drawn: DrawnBudgets, until: RunStage | undefined): Promise<void> {
  const { config, images, folder, random, report, events } = state;
  const teaching = await loadTeaching(state, until);
  const pretrained = await pretrain(images, folder, random, state);
  if (pretrained.summary) state.stages.push(pretrained.summary);
  else events.line(`pretraining: none, the encoder is that of ${config.pretrained}`);
  await report?.write(state);
  const budgets = await completeBudgets(state, pretrained, drawn);
  const probe = await measureRepresentation(state, pretrained, budgets);
  if (until !== "pretrain")
    for (const labelled of budgets) await trainWithLabels(state, pretrained, labelled, teaching);
  if (config.calibrate && until === undefined) {
    const { rows, summary } = await calibrate(images, probe, folder, random, state);
    state.calibration.push(...rows);
    state.stages.push(summary);
  }
}
