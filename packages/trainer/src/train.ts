import {
  CheckpointError,
  type Communicator,
  checkInteger,
  type Random,
  singleProcess,
  TrainingError,
} from "@simclr/core";
import type { Optimizer, Schedule } from "@simclr/optim";
import { averageNumbers } from "./all-reduce.js";
import { captureHooks, checkFiniteState, checkHookNames, restoreHooks } from "./hook-states.js";
import {
  defineHook,
  runHooks,
  type StepReport,
  type TrainerHook,
  type TrainingReport,
  type TrainingRun,
} from "./hooks.js";
import { checkRanksAgree, shareState } from "./ranks.js";
import { captureState, restoreState, type TrainingState } from "./state.js";
import { runStep } from "./step.js";
import { perSecond, Tally } from "./tally.js";
import { type BatchSource, batchSizeOf, type TrainingTask } from "./task.js";

export interface TrainOptions<Batch> {
  readonly task: TrainingTask<Batch>;
  /** Keeps its slots; the caller disposes it. */
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly source: BatchSource<Batch>;
  /** Updates to make in all, those before a resume included. @defaultValue schedule.totalSteps */
  readonly totalSteps?: number;
  readonly random: Random;
  /** Awaited in this order at every event. */
  readonly hooks?: readonly TrainerHook[];
  /**
   * The ranks that train together; each brings its part of every batch. Rank 0's weights and slots are given to all at the
   * start, gradients and metrics are averaged, and all stop after the same step. @defaultValue one process
   */
  readonly communicator?: Communicator | undefined;
  /** Every so many steps the weights of all ranks are compared; 0 for never. @defaultValue 100 */
  readonly compareRanksEvery?: number;
  /** Go on from here. Weights and slots are copied in before the first step. */
  readonly resumeFrom?: TrainingState | undefined;
  /** When aborted, the step is finished, a checkpoint is asked for, and training returns. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Every so many steps all gradients are checked and the metric `gradientNorm` is reported, which reads every gradient
   * once more; 0 for never. The loss is checked at every step. @defaultValue 100
   */
  readonly checkGradientsEvery?: number;
  /** Hooks are asked to evaluate after every so many steps, and at the end; 0 for only when one asks. @defaultValue 0 */
  readonly evaluateEvery?: number;
}

/**
 * Trains: batch, loss and gradients, update, hooks, until `totalSteps`, an abort, or an error.
 *
 * Two runs with the same arguments make the same losses on a deterministic backend, bit for bit, and so do a run and
 * one that was stopped anywhere and resumed from its last checkpoint. Between steps the number of tensors stays the same.
 *
 * @throws TrainingError if the loss or a gradient is not finite (before any weight changes), the source runs dry, or a
 * hook fails; CheckpointError if `resumeFrom` does not fit. What the task or the source throws passes unchanged.
 */
export async function train<Batch>(options: TrainOptions<Batch>): Promise<TrainingReport> {
  return new Loop(options).run();
}

class Loop<Batch> implements TrainingRun {
  readonly task: TrainingTask<Batch>;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly communicator: Communicator;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly startStep: number;
  step: number;

  readonly #source: BatchSource<Batch>;
  readonly #hooks: readonly TrainerHook[];
  readonly #resumeFrom: TrainingState | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #checkGradientsEvery: number;
  readonly #compareRanksEvery: number;
  readonly #evaluateEvery: number;
  readonly #tally = new Tally();
  #evaluationRequest: string | undefined;
  #evaluatedStep: number;
  #checkpointRequest: string | undefined;
  #checkpointedStep: number;
  /** Why this rank wants to stop. */
  #stopRequest: string | undefined;
  /** Why all ranks stop. */
  #stopReason: string | undefined;
  /** Why this rank takes the run for done. */
  #endRequest: string | undefined;
  /** Why the run is done on all ranks, before its last step. */
  #endReason: string | undefined;
  #lastLoss: number | undefined;

  constructor(options: TrainOptions<Batch>) {
    const { totalSteps = options.schedule.totalSteps, checkGradientsEvery = 100, compareRanksEvery = 100 } = options;
    const { evaluateEvery = 0 } = options;
    const { stepsPerEpoch } = options.source;
    checkInteger("train", { totalSteps });
    checkInteger("train", { stepsPerEpoch }, 1, "Is the data set smaller than one batch?");
    checkInteger("train", { checkGradientsEvery });
    checkInteger("train", { compareRanksEvery });
    checkInteger("train", { evaluateEvery });
    this.task = options.task;
    this.optimizer = options.optimizer;
    this.schedule = options.schedule;
    this.random = options.random;
    this.communicator = options.communicator ?? singleProcess();
    this.totalSteps = totalSteps;
    this.stepsPerEpoch = stepsPerEpoch;
    this.startStep = options.resumeFrom?.step ?? 0;
    if (this.startStep > totalSteps)
      throw new CheckpointError(
        `Cannot resume: the checkpoint is at step ${this.startStep}, this run ends at step ${totalSteps}. Raise \`totalSteps\`, or resume from an earlier checkpoint.`,
        { subject: "totalSteps", expected: `at least ${this.startStep}`, received: String(totalSteps) },
      );
    this.step = this.startStep;
    this.#source = options.source;
    this.#hooks = (options.hooks ?? []).map((hook) => defineHook(hook));
    checkHookNames(this.#hooks);
    this.#resumeFrom = options.resumeFrom;
    this.#signal = options.signal;
    this.#checkGradientsEvery = checkGradientsEvery;
    this.#compareRanksEvery = compareRanksEvery;
    this.#evaluateEvery = evaluateEvery;
    this.#evaluatedStep = this.startStep;
    this.#checkpointedStep = this.startStep;
  }

  async captureState(): Promise<TrainingState> {
    const state = await captureState(this, this.step);
    checkFiniteState(state, this.task.name);
    return { ...state, hooks: await captureHooks(this.#hooks) };
  }

  requestEvaluation(reason: string): void {
    this.#evaluationRequest ??= reason;
  }

  requestCheckpoint(reason: string): void {
    this.#checkpointRequest ??= reason;
  }

  requestStop(reason: string): void {
    this.#stopRequest ??= reason;
  }

  requestEnd(reason: string): void {
    this.#endRequest ??= reason;
  }

  async run(): Promise<TrainingReport> {
    if (this.#resumeFrom !== undefined) restoreState(this, this.#resumeFrom);
    const began = performance.now();
    try {
      if (this.communicator.size > 1) await shareState(this, this.communicator, this.step);
      if (this.#resumeFrom !== undefined)
        await restoreHooks(this.#hooks, this.#resumeFrom, { all: this.communicator.rank === 0 });
      await runHooks(this.#hooks, "trainStart", this);
      await this.#agreeOnStart();
      while (!this.#done) await this.#epoch();
      const reason = this.step < this.totalSteps ? this.#stopReason : undefined;
      if (reason === undefined && this.#evaluateEvery > 0 && this.step > this.#evaluatedStep)
        await this.#evaluate("the end of training");
      if (this.step > this.#checkpointedStep)
        await this.#checkpoint(reason ?? this.#endReason ?? "the end of training");
      if (reason !== undefined) await runHooks(this.#hooks, "interrupted", this, { step: this.step, reason });
      const report = this.#report(reason, (performance.now() - began) / 1000);
      await runHooks(this.#hooks, "trainEnd", this, report);
      return report;
    } catch (error) {
      throw await this.#announce(error);
    }
  }

  get #done(): boolean {
    return this.step >= this.totalSteps || this.#stopReason !== undefined || this.#endReason !== undefined;
  }

  /** What hooks asked for at `trainStart` holds for all ranks; a signal in one process too. */
  async #agreeOnStart(): Promise<void> {
    if (this.communicator.size === 1) {
      this.#stopReason = this.#ownStopReason();
      this.#endReason = this.#endRequest;
      return;
    }
    const wanted = { stop: Number(this.#stopRequest !== undefined), end: Number(this.#endRequest !== undefined) };
    this.#settle(await averageNumbers(this.communicator, wanted));
  }

  /** @param wanted - Above 0 where any rank asked for it. */
  #settle(wanted: Readonly<Record<string, number>>): void {
    if (wanted.end! > 0) this.#endReason = this.#endRequest ?? "another rank took it for done";
    else if (wanted.stop! > 0) this.#stopReason = this.#ownStopReason() ?? "another rank was stopped";
  }

  #ownStopReason(): string | undefined {
    if (this.#stopRequest !== undefined) return this.#stopRequest;
    if (this.#signal?.aborted !== true) return undefined;
    const { reason } = this.#signal;
    return reason instanceof Error ? reason.message : String(reason);
  }

  async #epoch(): Promise<void> {
    const epoch = Math.floor(this.step / this.stepsPerEpoch);
    const startStep = this.step % this.stepsPerEpoch;
    await runHooks(this.#hooks, "epochStart", this, { epoch, startStep });
    const tally = new Tally();
    let stepInEpoch = startStep;
    let waitingSince = performance.now();
    for await (const batch of this.#source.epoch(epoch, startStep)) {
      const dataWaitMs = performance.now() - waitingSince;
      await this.#step(batch, { epoch, stepInEpoch, dataWaitMs }, tally);
      stepInEpoch++;
      const ended = stepInEpoch === this.stepsPerEpoch;
      if (ended) await runHooks(this.#hooks, "epochEnd", this, tally.epochReport(epoch));
      await this.#betweenSteps();
      if (ended || this.#done) return;
      waitingSince = performance.now();
    }
    throw new TrainingError(
      `The data source ended epoch ${epoch} after ${stepInEpoch} of ${this.stepsPerEpoch} steps. Make \`stepsPerEpoch\` the number of batches that \`epoch(${epoch}, 0)\` gives.`,
      { subject: "source", expected: `${this.stepsPerEpoch} steps`, received: `${stepInEpoch} steps` },
    );
  }

  /** What hooks asked for while they saw the step and the epoch that ended. */
  async #betweenSteps(): Promise<void> {
    if (this.#evaluateEvery > 0 && this.step % this.#evaluateEvery === 0)
      this.requestEvaluation(`every ${this.#evaluateEvery} steps`);
    await this.#agreeOnEvaluation();
    if (this.#evaluationRequest !== undefined) await this.#evaluate(this.#evaluationRequest);
    if (this.#checkpointRequest !== undefined) await this.#checkpoint(this.#checkpointRequest);
    if (this.communicator.size > 1) return; // ranks agree within a step
    this.#endReason = this.#endRequest;
    if (this.#endReason === undefined) this.#stopReason = this.#ownStopReason();
  }

  /** What one rank asked for all do, since hooks may share the work of an evaluation among them. */
  async #agreeOnEvaluation(): Promise<void> {
    if (this.communicator.size === 1) return;
    const wanted = Float32Array.of(Number(this.#evaluationRequest !== undefined));
    await this.communicator.allReduce(wanted, "max");
    if (wanted[0]! > 0) this.requestEvaluation("another rank asked for it");
  }

  async #step(
    batch: Batch,
    { epoch, stepInEpoch, dataWaitMs }: { epoch: number; stepInEpoch: number; dataWaitMs: number },
    tally: Tally,
  ): Promise<void> {
    const { step, totalSteps, random, communicator } = this;
    const batchSize = batchSizeOf(this.#source, batch);
    try {
      const start = { step, epoch, stepInEpoch, learningRate: this.schedule.learningRateAt(step) };
      await runHooks(this.#hooks, "stepStart", this, start);
      const began = performance.now();
      const waitedBefore = communicator.waitedMs;
      const context = { step, epoch, stepInEpoch, totalSteps, random, communicator };
      const checkGradients = this.#checkGradientsEvery > 0 && step % this.#checkGradientsEvery === 0;
      const { stopWanted, endWanted, ...outcome } = await runStep(this, batch, context, {
        checkGradients,
        learningRate: start.learningRate,
        wantsStop: this.#ownStopReason() !== undefined,
        wantsEnd: this.#endRequest !== undefined,
      });
      const stepMs = performance.now() - began;
      const imagesPerSecond = perSecond(batchSize * communicator.size, dataWaitMs + stepMs);
      const report: StepReport = {
        ...{ step, epoch, ...outcome, imagesPerSecond, dataWaitMs, stepMs, batchSize },
        ...(waitedBefore !== undefined && { communicationMs: communicator.waitedMs! - waitedBefore }),
      };
      this.step = step + 1;
      this.#lastLoss = report.loss;
      const compares =
        communicator.size > 1 && this.#compareRanksEvery > 0 && this.step % this.#compareRanksEvery === 0;
      if (compares) await checkRanksAgree(this, communicator, this.step);
      if (communicator.size > 1) this.#settle({ stop: Number(stopWanted), end: Number(endWanted) });
      tally.add(report, communicator.size);
      this.#tally.add(report, communicator.size);
      await runHooks(this.#hooks, "stepEnd", this, report);
    } finally {
      this.#source.release?.(batch);
    }
  }

  async #evaluate(reason: string): Promise<void> {
    this.#evaluationRequest = undefined;
    this.#evaluatedStep = this.step;
    await runHooks(this.#hooks, "evaluate", this, { step: this.step, reason, metrics: {} });
    // Where the first rank measures alone, the others wait here, which takes no processor and may take longer than a step.
    if (this.communicator.size > 1) await this.communicator.barrier();
  }

  async #checkpoint(reason: string): Promise<void> {
    this.#checkpointRequest = undefined;
    this.#checkpointedStep = this.step;
    await runHooks(this.#hooks, "checkpoint", this, { step: this.step, reason });
  }

  #report(stopReason: string | undefined, seconds: number): TrainingReport {
    const { startStep, step, totalSteps } = this;
    const { dataWaitFraction } = this.#tally;
    const interrupted = stopReason !== undefined;
    const reason = stopReason ?? (step < totalSteps ? this.#endReason : undefined);
    return { startStep, step, totalSteps, interrupted, reason, lastLoss: this.#lastLoss, seconds, dataWaitFraction };
  }

  /** Tells every hook of the error, and gives back what to throw: the error, or one that holds failures of hooks too. */
  async #announce(error: unknown): Promise<unknown> {
    const failures: unknown[] = [];
    for (const hook of this.#hooks) {
      await runHooks([hook], "error", this, error).catch((failure: unknown) => failures.push(failure));
    }
    if (failures.length === 0) return error;
    const message = [error, ...failures].map((e) => (e instanceof Error ? e.message : String(e))).join("; then ");
    return new TrainingError(message, { cause: new AggregateError([error, ...failures], message) });
  }
}
