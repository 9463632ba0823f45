import { InvalidArgumentError, Random } from "@simclr/core";
import { constant, momentumSgd } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";
import type { DefinedHook } from "./hook-definition.js";
import { defineHook, type TrainerHook } from "./hooks.js";
import type { TrainingState } from "./state.js";
import { train } from "./train.js";

/** What `checkHook` can test. */
export type HookPromise = "training" | "state" | "same again" | "resume" | "memory";

export interface HookCheckOptions<Options extends object = object> {
  /** An empty folder for the hook's files; the caller removes it. */
  readonly folder: string;
  /** @defaultValue the definition's own */
  readonly options?: Partial<Options>;
  /** Losses of the steps of a training of two epochs, an even number. @defaultValue 12 that fall, and then stay */
  readonly losses?: readonly number[];
  /** What the schedule says at every step. @defaultValue 0.1 */
  readonly learningRate?: number;
}

const LOSSES = [8, 7, 6, 5, 4, 3, 3, 3, 3, 3, 3, 3];

/**
 * Tests what a hook promises, under any test runner, in trainings of one weight and given losses: that it lets a training
 * end and learning rates stay finite; that what it captures survives JSON; that a hook made anew does the same again; that
 * a training which was stopped after any step and resumed has the learning rates and metrics of one that was not; that it
 * leaves no tensor behind. The backend must be set.
 *
 * @example
 * it("keeps its promises", () => checkHook(plateau, { folder, options: { patience: 2 } }));
 *
 * @returns What was tested.
 * @throws InvalidArgumentError (rejects) listing all promises that were broken.
 */
export async function checkHook<Options extends object>(
  definition: DefinedHook<Options>,
  { folder, options = {}, losses = LOSSES, learningRate = 0.1 }: HookCheckOptions<Options>,
): Promise<readonly HookPromise[]> {
  if (losses.length < 2 || losses.length % 2 !== 0)
    throw new InvalidArgumentError(
      `checkHook: \`losses\` must be those of two epochs, an even number; received ${losses.length}. Add or drop one.`,
      { subject: "losses", expected: "an even number of losses", received: String(losses.length) },
    );
  const make = (): TrainerHook => definition.with(options).create({ folder, say: () => {} });
  const training: Training = { losses, learningRate };
  const failures: string[] = [];
  const tested: HookPromise[] = [];
  const test = async (promise: HookPromise, check: () => Promise<string | undefined>): Promise<boolean> => {
    tested.push(promise);
    const failure = await check().catch((error: unknown) => `threw ${String(error)}`);
    if (failure !== undefined) failures.push(`${promise}: ${failure}`);
    return failure === undefined;
  };
  let whole: Recording | undefined;
  const before = tf.memory().numTensors;
  const runs = await test("training", async () => {
    whole = await recordTraining(make(), training);
    return undefined;
  });
  if (runs && whole !== undefined) {
    const expected = whole;
    const left = tf.memory().numTensors - before;
    await test("memory", async () => (left === 0 ? undefined : `a training left ${left} tensors. Use tf.tidy`));
    await test("state", async () => notJson(expected.states.at(-1)));
    await test("same again", async () => difference(await recordTraining(make(), training), expected, 0));
    await test("resume", async () => {
      for (let step = 1; step < losses.length; step++) {
        const rest = await recordTraining(make(), { ...training, resumeFrom: expected.states[step - 1]! });
        const found = difference(rest, expected, step);
        if (found !== undefined)
          return `after step ${step}: ${found}. Give \`capture\` and \`restore\` all that it remembers`;
      }
      return undefined;
    });
  }
  if (failures.length === 0) return tested;
  throw new InvalidArgumentError(
    `checkHook: the hook "${definition.name}" must keep its promises; ${failures.length} of ${tested.length} checks failed. ` +
      `Correct the hook.\n${failures.map((failure) => `- ${failure}`).join("\n")}`,
    { subject: definition.name, expected: "no failed check", received: failures.join("; ") },
  );
}

interface Training {
  readonly losses: readonly number[];
  readonly learningRate: number;
  readonly resumeFrom?: TrainingState;
}

/** What a training looked like from outside: by step, and what could be resumed from after each. */
interface Recording {
  readonly steps: readonly string[];
  readonly states: readonly TrainingState[];
}

async function recordTraining(hook: TrainerHook, { losses, learningRate, resumeFrom }: Training): Promise<Recording> {
  const variable = tf.tidy(() => tf.variable(tf.scalar(0)));
  const weights = [{ name: "weight", role: "kernel", variable }] as const;
  const steps: string[] = [];
  const states: TrainingState[] = [];
  const watch = defineHook({
    name: "check-hook",
    async stepEnd(run, { learningRate: rate, metrics }) {
      steps.push(JSON.stringify({ learningRate: rate, metrics }));
      run.requestCheckpoint("checkHook");
    },
    async checkpoint(run) {
      states.push(await run.captureState());
    },
  });
  const optimizer = momentumSgd();
  const stepsPerEpoch = losses.length / 2;
  try {
    await train<number>({
      task: {
        ...{ name: "check-hook", weights, state: weights },
        step: async (loss) => ({ loss: tf.scalar(loss), gradients: { weight: tf.scalar(0) }, metrics: {} }),
      },
      source: {
        stepsPerEpoch,
        async *epoch(epoch, start) {
          yield* losses.slice(epoch * stepsPerEpoch + start, (epoch + 1) * stepsPerEpoch);
        },
      },
      optimizer,
      schedule: constant(learningRate, losses.length),
      random: Random.fromSeed(0),
      hooks: [hook, watch],
      resumeFrom,
      checkGradientsEvery: 0,
    });
    return { steps, states };
  } finally {
    optimizer.dispose();
    variable.dispose();
  }
}

/** How a training from step `start` on differs from the whole one. */
function difference({ steps }: Recording, whole: Recording, start: number): string | undefined {
  const expected = whole.steps.slice(start);
  const at = expected.findIndex((step, i) => step !== steps[i]);
  if (at >= 0) return `step ${start + at} must have ${expected[at]}; received ${steps[at] ?? "no such step"}`;
  return steps.length === expected.length ? undefined : `it made ${steps.length} steps instead of ${expected.length}`;
}

/** Values that JSON changes would be others in a resumed run. */
function notJson(state: TrainingState | undefined): string | undefined {
  for (const { values = {} } of Object.values(state?.hooks ?? {}))
    for (const [name, value] of Object.entries(values))
      if (!isJson(value))
        return `\`values.${name}\` of what it captures must be a JSON value; received ${typeof value} ${String(value)}`;
  return undefined;
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.every(isJson);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isJson);
}
