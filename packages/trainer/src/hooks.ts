import {
  type Communicator,
  definitionMark,
  InvalidArgumentError,
  markDefinition,
  type NamedArrays,
  type Random,
  TrainingError,
} from "@simclr/core";
import type { Optimizer, Schedule } from "@simclr/optim";
import { type DefinedHook, definedHook, type HookDefinition } from "./hook-definition.js";
import type { TrainingState } from "./state.js";
import type { TrainingTask } from "./task.js";

/** The run as hooks see it. */
export interface TrainingRun {
  readonly task: Pick<TrainingTask<unknown>, "name" | "weights" | "state">;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly communicator: Communicator;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Updates already made when this run began; 0 unless it was resumed. */
  readonly startStep: number;
  /** Updates made so far. During `stepEnd` of step `n` this is `n + 1`. */
  readonly step: number;
  /** Copies everything that the run needs to go on from here. */
  captureState(): Promise<TrainingState>;
  /** Asks for a `checkpoint` event once all hooks have seen the step (and the epoch) that is ending. */
  requestCheckpoint(reason: string): void;
  /**
   * Asks for an `evaluate` event once all hooks have seen the step (and the epoch) that is ending, before a checkpoint. Where one
   * rank asks, all ranks have the event.
   */
  requestEvaluation(reason: string): void;
  /** Asks the trainer to finish the step, checkpoint and leave: the run is interrupted, and can go on later. */
  requestStop(reason: string): void;
  /** Asks the trainer to finish the step, checkpoint and end: the run is done, though before `totalSteps`. */
  requestEnd(reason: string): void;
}

/** A step that is about to be made. */
export interface StepStart {
  /** Counted over all epochs, from 0. */
  readonly step: number;
  readonly epoch: number;
  readonly stepInEpoch: number;
  /**
   * What the schedule says. A hook may set another one, finite and >= 0, for this step alone; hooks after it see it. On
   * several ranks all must set the same.
   */
  learningRate: number;
}

/** What is measured between two steps, on data that is not trained on. */
export interface EvaluationReport {
  /** Updates made. */
  readonly step: number;
  /** Why now. */
  readonly reason: string;
  /** Hooks that measure add to it; hooks after them see it. */
  readonly metrics: Record<string, number>;
}

/** A finished step. */
export interface StepReport {
  /** Counted over all epochs, from 0. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** A hook may add its own; hooks after it see them. */
  readonly metrics: Record<string, number>;
  readonly learningRate: number;
  /** Images of all ranks per second of waiting for data and computing; 0 where the batch size is not known. */
  readonly imagesPerSecond: number;
  /** Milliseconds spent waiting for the batch. */
  readonly dataWaitMs: number;
  /** Milliseconds from the batch to the finished update, without hooks. */
  readonly stepMs: number;
  /** Of these, in collectives, waiting for other ranks included; absent where the communicator does not count. */
  readonly communicationMs?: number;
  /** Images of this rank. */
  readonly batchSize: number;
}

/** A finished epoch; after a resume in mid-epoch, its steps since then. */
export interface EpochReport {
  readonly epoch: number;
  /** The last step of the epoch. */
  readonly step: number;
  /** Steps that the means are over. */
  readonly steps: number;
  readonly meanLoss: number;
  /** A hook may add its own; hooks after it see them. */
  readonly metrics: Record<string, number>;
  readonly imagesPerSecond: number;
  readonly seconds: number;
}

/** How training ended. */
export interface TrainingReport {
  readonly startStep: number;
  /** Updates made, those before a resume included. */
  readonly step: number;
  readonly totalSteps: number;
  /** True where a signal or a hook stopped the run, which can go on later. */
  readonly interrupted: boolean;
  /** Why it was interrupted, or ended before `totalSteps`. */
  readonly reason: string | undefined;
  /** Loss of the last step; undefined where no step was made. */
  readonly lastLoss: number | undefined;
  readonly seconds: number;
  /** Fraction of the time in steps that was spent waiting for data, in [0, 1]. */
  readonly dataWaitFraction: number;
}

type Awaitable<T> = T | Promise<T>;

/**
 * What each hook receives. Hooks are awaited one after another, in the order they were given. After `trainStart`, the
 * last event is always either `trainEnd` or `error`.
 */
export interface TrainerHookArgs {
  trainStart: [run: TrainingRun];
  epochStart: [run: TrainingRun, epoch: { readonly epoch: number; readonly startStep: number }];
  stepStart: [run: TrainingRun, step: StepStart];
  stepEnd: [run: TrainingRun, report: StepReport];
  epochEnd: [run: TrainingRun, report: EpochReport];
  /** Measure: asked for by a hook or by `evaluateEvery`, between two steps. */
  evaluate: [run: TrainingRun, report: EvaluationReport];
  /** Make what was done so far durable: asked for by a hook, at an interruption, and at the end. */
  checkpoint: [run: TrainingRun, request: { readonly step: number; readonly reason: string }];
  interrupted: [run: TrainingRun, interruption: { readonly step: number; readonly reason: string }];
  trainEnd: [run: TrainingRun, report: TrainingReport];
  error: [run: TrainingRun, error: unknown];
}

export type TrainerEvent = keyof TrainerHookArgs;

type Handlers = { readonly [K in TrainerEvent]?: (...args: TrainerHookArgs[K]) => Awaitable<void> };

/** What a hook knows at a step, as a checkpoint holds it. */
export interface HookState {
  /** Plain JSON values. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly arrays?: NamedArrays;
}

/** A plain object with a name and the events it wants. */
export interface TrainerHook extends Handlers {
  readonly name: string;
  /** What a resumed run needs of this hook; asked for with every checkpoint. Give `restore` too. */
  readonly capture?: () => Awaitable<HookState>;
  /** Takes back what `capture` gave, before `trainStart`. Not called where the checkpoint was written without this hook. */
  readonly restore?: (state: HookState) => Awaitable<void>;
}

const STATE_METHODS = ["capture", "restore"] as const;

const EVENTS: Readonly<Record<TrainerEvent, true>> = {
  trainStart: true,
  epochStart: true,
  stepStart: true,
  stepEnd: true,
  epochEnd: true,
  evaluate: true,
  checkpoint: true,
  interrupted: true,
  trainEnd: true,
  error: true,
};

/**
 * Checks a hook and gives it back; built-in hooks are made with it too. With `create`, it is the definition of a hook with
 * options, which a configuration can name: see `HookDefinition`.
 *
 * @example
 * export const halve = defineHook({
 *   name: "halve",
 *   options: { everySteps: 100 },
 *   create: ({ everySteps }) => ({
 *     stepStart(_run, start) {
 *       start.learningRate *= 0.5 ** Math.floor(start.step / everySteps);
 *     },
 *   }),
 * });
 *
 * @throws InvalidArgumentError if it has no name, an event is not a function, or there is one of `capture` and `restore`
 * without the other. Other properties are the hook's own, unless their name differs from an event's in case alone.
 */
export function defineHook<Options extends object>(definition: HookDefinition<Options>): DefinedHook<Options>;
export function defineHook<T extends TrainerHook & { readonly create?: never }>(hook: T): T;
export function defineHook(hook: TrainerHook | HookDefinition<object>): TrainerHook | DefinedHook {
  return "create" in hook && typeof hook.create === "function" ? definedHook(hook, checkedHook) : checkedHook(hook);
}

function checkedHook<T extends TrainerHook>(hook: T): T {
  const { name } = hook as { readonly name?: unknown };
  if (typeof name !== "string" || name === "")
    throw new InvalidArgumentError(
      `defineHook: \`name\` must be a string that is not empty; received ${JSON.stringify(name) ?? "undefined"}. Name the hook, errors mention it.`,
      { subject: "name" },
    );
  for (const event of [...Object.keys(EVENTS), ...STATE_METHODS]) {
    const handler = (hook as Readonly<Record<string, unknown>>)[event];
    if (handler !== undefined && typeof handler !== "function")
      throw new InvalidArgumentError(
        `defineHook: \`${event}\` of hook "${name}" must be a function; received ${typeof handler}.`,
        { subject: event },
      );
    const misspelt = Object.keys(hook).find((key) => key !== event && key.toLowerCase() === event.toLowerCase());
    if (misspelt !== undefined)
      throw new InvalidArgumentError(
        `defineHook: hook "${name}" has \`${misspelt}\`, which is no event. Did you mean \`${event}\`?`,
        { subject: misspelt, expected: event },
      );
  }
  if ((hook.capture === undefined) !== (hook.restore === undefined))
    throw new InvalidArgumentError(
      `defineHook: hook "${name}" has \`${hook.capture ? "capture" : "restore"}\` alone; expected both or neither. Add \`${hook.capture ? "restore" : "capture"}\`, so that a resumed run goes on with what was saved.`,
      { subject: name, expected: "capture and restore" },
    );
  return definitionMark(hook) === undefined && Object.isExtensible(hook) ? markDefinition("hook", hook) : hook;
}

/**
 * Awaits one event of every hook, in order.
 *
 * @throws TrainingError that names the hook and the event; the remaining hooks are not called.
 */
export async function runHooks<E extends TrainerEvent>(
  hooks: readonly TrainerHook[],
  event: E,
  ...args: TrainerHookArgs[E]
): Promise<void> {
  for (const hook of hooks) {
    const handler = hook[event] as ((...args: TrainerHookArgs[E]) => Awaitable<void>) | undefined;
    try {
      await handler?.apply(hook, args);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new TrainingError(
        `hook "${hook.name}" failed in ${event} after ${args[0].step} of ${args[0].totalSteps} steps: ${message}`,
        { subject: hook.name, cause },
      );
    }
  }
}
