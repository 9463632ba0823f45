import { InvalidArgumentError, Random, type Weight } from "@simclr/core";
import { variableGradients } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { BatchStatistics } from "./batch-statistics.js";
import type { ForwardOptions } from "./module.js";

/** What `checkEncoder` and `checkHead` can test. */
export type ModulePromise =
  | "weights"
  | "shape"
  | "repeatable"
  | "independent rows"
  | "statistics"
  | "gradient"
  | "memory";

export interface ModuleCheck {
  /** Seed of the weights and of the inputs. @defaultValue 0 */
  readonly seed?: number;
  /**
   * Largest difference, relative to the largest output, that a row may show when it is passed alone.
   *
   * @defaultValue 1e-4: kernels may add up in another order
   */
  readonly rtol?: number;
  /** Test these only, where a program has no time for all. @defaultValue everything */
  readonly only?: readonly ModulePromise[];
}

/** A built encoder or head, seen alike. */
interface CheckedModule {
  readonly weights: readonly Weight[];
  readonly outputDimension: number;
  /** All that a pass gives, the result last. */
  forward(x: tf.Tensor, pass: ForwardOptions): readonly tf.Tensor[];
  dispose(): void;
}

export interface ModuleSubject {
  /** Such as `checkEncoder: the encoder "conv-net"`. */
  readonly title: string;
  build(random: Random): CheckedModule;
  /** Random inputs, of so many rows. */
  inputs(rows: number, random: Random): tf.Tensor;
}

/** Rows of a batch: enough for parts of uneven size, and for batch norms. */
const ROWS = 4;
/** Share of noise that is added to every weight before gradients are taken, so that first values of 0 hide nothing. */
const NOISE = 0.1;

/**
 * Runs the tests of a module.
 *
 * @returns What was tested.
 * @throws InvalidArgumentError listing all promises that were broken.
 */
export async function checkModule(subject: ModuleSubject, check: ModuleCheck): Promise<readonly ModulePromise[]> {
  const { seed = 0, rtol = 1e-4, only } = check;
  const random = Random.fromSeed(seed);
  const tests: Record<ModulePromise, () => Promise<string | undefined>> = {
    weights: () => checkWeights(subject, random),
    shape: () => checkShape(subject, random),
    repeatable: () => checkRepeats(subject, random),
    "independent rows": () => checkRows(subject, random, rtol),
    statistics: () => checkStatistics(subject, random),
    gradient: () => checkGradient(subject, random),
    memory: () => checkMemory(subject, random),
  };
  const chosen = (Object.keys(tests) as ModulePromise[]).filter((promise) => only?.includes(promise) ?? true);
  const failures: string[] = [];
  for (const promise of chosen) {
    const failure = await tests[promise]().catch((error: unknown) => `threw ${String(error)}`);
    if (failure !== undefined) failures.push(`${promise}: ${failure}`);
  }
  if (failures.length === 0) return chosen;
  throw new InvalidArgumentError(
    `${subject.title} must keep its promises; ${failures.length} of ${chosen.length} checks failed. Correct it.\n${failures.map((failure) => `- ${failure}`).join("\n")}`,
    { subject: subject.title, expected: "no failed check", received: failures.join("; ") },
  );
}

const INFERENCE: ForwardOptions = { training: false };

/** Builds the module, and disposes it and the inputs whatever happens. */
async function withModule<T>(
  { build, inputs }: ModuleSubject,
  random: Random,
  use: (module: CheckedModule, x: tf.Tensor) => Promise<T>,
): Promise<T> {
  const module = build(random.fork("weights"));
  const x = inputs(ROWS, random.fork("inputs"));
  try {
    return await use(module, x);
  } finally {
    x.dispose();
    module.dispose();
  }
}

async function valuesOf(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  return Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
}

const weightValues = ({ weights }: CheckedModule): Promise<Float32Array[]> =>
  valuesOf(weights.map(({ variable }) => variable));

/** The result of a pass, as numbers. */
async function outputOf(module: CheckedModule, x: tf.Tensor, pass: ForwardOptions): Promise<Float32Array> {
  const tensors = module.forward(x, pass);
  const [values] = await valuesOf([tensors.at(-1)!]);
  tf.dispose([...tensors]);
  return values!;
}

const isSame = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

async function checkWeights(subject: ModuleSubject, random: Random): Promise<string | undefined> {
  const drawn = async (seed: string): Promise<Float32Array[]> => {
    const module = subject.build(random.fork(seed));
    try {
      return await weightValues(module);
    } finally {
      module.dispose();
    }
  };
  const [first, again, other] = [await drawn("a"), await drawn("a"), await drawn("b")];
  const names = subject.build(random.fork("a"));
  const at = first.findIndex((values, i) => !isSame(values, again[i]!));
  const changed = names.weights[at]?.name;
  names.dispose();
  if (changed !== undefined)
    return `"${changed}" must start with the same values for the same random stream. Draw from \`random\`, never from Math.random`;
  if (first.length > 0 && first.every((values, i) => isSame(values, other[i]!)))
    return "some weight must start with other values for another random stream. Draw from `random`";
  return undefined;
}

async function checkShape(subject: ModuleSubject, random: Random): Promise<string | undefined> {
  return withModule(subject, random, async (module, x) => {
    const passes: [string, number, ForwardOptions][] = [
      ["in inference", 1, INFERENCE],
      ["in inference", ROWS, INFERENCE],
      ["in training", ROWS, { training: true, random: random.fork("pass") }],
    ];
    for (const [when, rows, pass] of passes) {
      const some = tf.slice(x, [0], [rows]);
      const values = await outputOf(module, some, pass).finally(() => some.dispose());
      const expected = rows * module.outputDimension;
      if (values.length !== expected)
        return `${when}, ${rows} rows must give ${expected} numbers; gave ${values.length}`;
      if (!values.every(Number.isFinite)) return `${when}, every number must be finite for ordinary inputs`;
    }
    return undefined;
  });
}

async function checkRepeats(subject: ModuleSubject, random: Random): Promise<string | undefined> {
  return withModule(subject, random, async (module, x) => {
    for (const training of [false, true]) {
      const pass = (): ForwardOptions => ({ training, random: random.fork("pass") });
      const first = await outputOf(module, x, pass());
      if (!isSame(first, await outputOf(module, x, pass())))
        return `in ${training ? "training" : "inference"}, the same inputs and the same random stream must give the same. Draw from \`pass.random\`, and keep nothing from call to call`;
    }
    return undefined;
  });
}

async function checkRows(subject: ModuleSubject, random: Random, rtol: number): Promise<string | undefined> {
  return withModule(subject, random, async (module, x) => {
    const together = await outputOf(module, x, INFERENCE);
    const largest = together.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const { outputDimension } = module;
    for (let row = 0; row < ROWS; row++) {
      const one = tf.slice(x, [row], [1]);
      const alone = await outputOf(module, one, INFERENCE).finally(() => one.dispose());
      const difference = alone.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - together[row * outputDimension + i]!)),
        0,
      );
      if (!(difference <= rtol * largest))
        return `in inference, row ${row} differs by ${difference} when it is passed alone. Let no row see another one: use the running statistics`;
    }
    return undefined;
  });
}

async function checkStatistics(subject: ModuleSubject, random: Random): Promise<string | undefined> {
  return withModule(subject, random, async (module, x) => {
    const before = await weightValues(module);
    /** Names of the weights that a pass and what it recorded have moved. */
    const moved = async (pass: ForwardOptions, isRecording: boolean): Promise<string[]> => {
      const statistics = new BatchStatistics();
      const own = { ...pass, random: random.fork("pass"), ...(isRecording && { statistics }) };
      await outputOf(module, x, own);
      statistics.apply();
      const after = await weightValues(module);
      return module.weights.filter((_, i) => !isSame(before[i]!, after[i]!)).map(({ name }) => name);
    };
    const quiet: [string, ForwardOptions, boolean][] = [
      ["inference", INFERENCE, true],
      ["training without `statistics`", { training: true }, false],
      ["training with `useRunningStatistics`", { training: true, useRunningStatistics: true }, true],
    ];
    for (const [what, pass, isRecording] of quiet) {
      const [name] = await moved(pass, isRecording);
      if (name !== undefined) return `${what} must change no weight; it changed "${name}"`;
    }
    const changed = await moved({ training: true }, true);
    const trained = changed.find((name) => module.weights.some((w) => w.name === name && w.role !== "statistic"));
    if (trained !== undefined) return `a pass must change no weight but running statistics; it changed "${trained}"`;
    const still = module.weights.find(({ name, role }) => role === "statistic" && !changed.includes(name));
    if (still === undefined) return undefined;
    return `training must record the running statistic "${still.name}" in \`pass.statistics\`; it did not. Hand the pass on to \`normalise\``;
  });
}

async function checkGradient(subject: ModuleSubject, random: Random): Promise<string | undefined> {
  return withModule(subject, random, async (module, x) => {
    const trainable = module.weights.filter(({ variable }) => variable.trainable);
    if (trainable.length === 0) return undefined;
    tf.tidy(() => {
      for (const { name, variable } of trainable) {
        const noise = normal(variable.shape, random.fork("noise", name));
        variable.assign(tf.add(variable, tf.mul(NOISE, noise)));
      }
    });
    const { value, grads } = variableGradients(
      () => {
        const output = module.forward(x, { training: true, random: random.fork("pass") }).at(-1)!;
        return tf.sum<tf.Scalar>(tf.mul(output, normal(output.shape, random.fork("direction"))));
      },
      trainable.map(({ variable }) => variable),
    );
    try {
      for (const { name, variable } of trainable) {
        const gradient = grads[variable.name];
        if (gradient === undefined) return `no gradient reaches "${name}". Use it in \`forward\`, or leave it out`;
        const values = await gradient.data<"float32">();
        if (!values.every(Number.isFinite)) return `the gradient of "${name}" must be finite`;
        if (values.every((each) => each === 0))
          return `the gradient of "${name}" is zero. Use it in \`forward\`, or leave it out`;
      }
      return undefined;
    } finally {
      tf.dispose([value, grads]);
    }
  });
}

async function checkMemory(subject: ModuleSubject, random: Random): Promise<string | undefined> {
  const start = tf.memory().numTensors;
  const leak = await withModule(subject, random, async (module, x) => {
    const runs: [string, () => void][] = [
      ["a pass in inference", () => tf.dispose([...module.forward(x, INFERENCE)])],
      ["a training step", () => trainOnce(module, x, random)],
    ];
    for (const [what, run] of runs) {
      const before = tf.memory().numTensors;
      run();
      const left = tf.memory().numTensors - before;
      if (left !== 0) return `${what} left ${left} tensors in memory. Keep none`;
      if (x.isDisposed) return `${what} disposed its input, which it only borrows`;
    }
    return undefined;
  });
  const left = tf.memory().numTensors - start;
  return leak ?? (left === 0 ? undefined : `disposing it left ${left} tensors. List every variable among \`weights\``);
}

function trainOnce(module: CheckedModule, x: tf.Tensor, random: Random): void {
  const statistics = new BatchStatistics();
  const variables = module.weights.map(({ variable }) => variable).filter(({ trainable }) => trainable);
  const pass = { training: true, statistics, random: random.fork("pass") };
  const loss = (): tf.Scalar => tf.sum(tf.square(module.forward(x, pass).at(-1)!));
  if (variables.length === 0) tf.dispose(tf.tidy(loss));
  else {
    const { value, grads } = variableGradients(loss, variables);
    tf.dispose([value, grads]);
  }
  statistics.apply();
}

/** float32 N(0, 1). */
export function normal(shape: readonly number[], random: Random): tf.Tensor {
  const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => random.normal());
  return tf.tensor(values, [...shape], "float32");
}
