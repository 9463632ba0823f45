import { cifar } from "@simclr/augment";
import { InvalidArgumentError, Random, type RawBatch, readWeights, singleProcess } from "@simclr/core";
import { type NetworkParts, projectionHead, resNet } from "@simclr/models";
import type { StepContext } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { drawViews } from "./batch-parts.js";
import type { Method } from "./define-method.js";
import { methodTask } from "./method-task.js";
import { withRows } from "./step-parts.js";

/** What `checkMethod` tests. */
export type MethodPromise = "step" | "repeatable" | "commit" | "memory" | "image by image";

export interface MethodCheck<Options extends object> {
  /** The method's. @defaultValue its defaults */
  readonly options?: Options | undefined;
  /** Side of the views in pixels, >= 8. @defaultValue 8 */
  readonly size?: number | undefined;
  /** @defaultValue 3 */
  readonly channels?: number | undefined;
  /** @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Test these only, where a program has no time for all. @defaultValue all */
  readonly only?: readonly MethodPromise[];
}

const IMAGES = 6;
/** Kernels that work on a batch as a whole may round otherwise where it is split. Relative to the largest value. */
const SPLIT_TOLERANCE = 1e-4;

/**
 * Tests what a pretraining method promises, under any test runner, on the current backend, with a narrow ResNet-18 and
 * noise for images: that a step gives one finite loss and a finite gradient for every trained weight, some of it to the
 * encoder; that the same streams give the same loss; that nothing moves before `commit`; that no tensor is left behind by
 * steps, by steps that are given up, or after `dispose`; and that `encode` and `targets` treat images one by one, which
 * gradient caching needs. Register the operations of `@simclr/ops` first.
 *
 * @example it("keeps its promises", () => checkMethod(alignment, { options: { power: 1 } }));
 *
 * @returns What was tested.
 * @throws InvalidArgumentError (rejects) listing all promises that were broken, with numbers.
 */
export async function checkMethod<Options extends object>(
  method: Method<Options>,
  check: MethodCheck<Options> = {},
): Promise<readonly MethodPromise[]> {
  const subject = new Subject(method, check);
  const tests: readonly (readonly [MethodPromise, () => Promise<string | undefined>])[] = [
    ["step", () => checkStep(subject)],
    ["repeatable", () => checkRepeatable(subject)],
    ["commit", () => checkCommit(subject)],
    ["memory", () => checkMemory(subject)],
    ["image by image", () => checkImageByImage(subject)],
  ];
  const chosen = tests.filter(([promise]) => check.only?.includes(promise) ?? true);
  const failures: string[] = [];
  for (const [promise, test] of chosen) {
    const failure = await test().catch((error: unknown) => `threw ${String(error)}`);
    if (failure !== undefined) failures.push(`${promise}: ${failure}`);
  }
  if (failures.length === 0) return chosen.map(([promise]) => promise);
  throw new InvalidArgumentError(
    `checkMethod: the method "${method.name}" must keep its promises; ${failures.length} of ${chosen.length} checks failed. ` +
      `Correct the method.\n${failures.map((failure) => `- ${failure}`).join("\n")}`,
    { subject: method.name, expected: "no failed check", received: failures.join("; ") },
  );
}

/** The method on small networks and images that are the same each time. */
class Subject<Options extends object> {
  readonly #method: Method<Options>;
  readonly #check: MethodCheck<Options>;
  readonly #random: Random;

  constructor(method: Method<Options>, check: MethodCheck<Options>) {
    this.#method = method;
    this.#check = check;
    this.#random = Random.fromSeed(check.seed ?? 0).fork("check-method");
  }

  /** A task on a network of its own; `dispose` frees both. */
  task() {
    const network = this.network();
    const random = this.#random;
    const recipe = this.recipe();
    const { options } = this.#check;
    const task = methodTask({ method: this.#method, options, ...network, recipe, random });
    const dispose = (): void => {
      task.dispose();
      network.dispose();
    };
    return { ...task, dispose };
  }

  /** What the method's own steps are, without the trainer's view of them. */
  built(network: NetworkParts) {
    return this.#method.build({ ...network, random: this.#random }, this.#check.options);
  }

  network(): NetworkParts & { dispose(): void } {
    const { size: imageSize = 8, channels = 3 } = this.#check;
    const random = this.#random;
    const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize, channels, stem: "cifar", random });
    const { featureDimension: inputDimension } = encoder;
    const { outputNorm } = this.#method;
    const head = projectionHead({ inputDimension, layers: 2, outputDimension: 16, outputNorm, random });
    return { encoder, head, dispose: () => void [encoder, head].map((part) => part.dispose()) };
  }

  recipe() {
    const { size = 8, channels = 3 } = this.#check;
    // Colour operations need RGB.
    return cifar({ size }).filter(({ name }) => channels === 3 || name === "randomResizedCrop" || name === "clip");
  }

  /** Noise around a colour of each image's own. */
  batch(): RawBatch {
    const { size = 8, channels = 3 } = this.#check;
    const draws = this.#random.fork("images");
    const tints = Array.from({ length: IMAGES * channels }, () => draws.integer(20, 180));
    const pixels = size * size * channels;
    const images = Uint8Array.from(
      { length: IMAGES * pixels },
      (_, i) => tints[channels * Math.floor(i / pixels) + (i % channels)]! + draws.integer(0, 60),
    );
    return {
      kind: "raw",
      images,
      shape: [IMAGES, size, size, channels],
      indices: Int32Array.from({ length: IMAGES }, (_, i) => i),
      labels: new Int32Array(IMAGES).fill(-1),
    };
  }

  context(step = 0): StepContext {
    const communicator = singleProcess();
    return { step, epoch: 0, stepInEpoch: step, totalSteps: 20, random: this.#random, communicator };
  }
}

type Task = ReturnType<Subject<object>["task"]>;

/** Runs `f` on a new task, and frees the task. */
async function withTask<T>(subject: { task(): Task }, f: (task: Task) => Promise<T>): Promise<T> {
  const task = subject.task();
  try {
    return await f(task);
  } finally {
    task.dispose();
  }
}

/** One step, read and given up. */
async function readStep(subject: Subject<object>, task: Task) {
  const { loss, gradients, metrics = {}, discard } = await task.step(subject.batch(), subject.context());
  const values = await Promise.all(Object.entries(gradients).map(async ([name, g]) => [name, await g.data()] as const));
  const read = { shape: loss.shape, loss: (await loss.data())[0]!, gradients: Object.fromEntries(values) };
  discard?.();
  tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
  return read;
}

function checkStep<Options extends object>(subject: Subject<Options>): Promise<string | undefined> {
  return withTask(subject, async (task) => {
    const { shape, loss, gradients } = await readStep(subject as Subject<object>, task);
    if (shape.length !== 0) return `the loss must be a scalar; it has shape [${shape.join(", ")}]`;
    if (!Number.isFinite(loss)) return `the loss must be finite; received ${loss}`;
    for (const { name } of task.weights) {
      const values = gradients[name];
      if (values === undefined) return `the trained weight ${name} must have a gradient`;
      if (!values.every(Number.isFinite)) return `the gradient of ${name} must be finite`;
    }
    const reached = task.weights.filter(({ name }) => gradients[name]!.some((value) => value !== 0));
    if (reached.some(({ name }) => name.startsWith("encoder/"))) return undefined;
    return "a gradient must reach the encoder; all of its gradients are 0";
  });
}

async function checkRepeatable<Options extends object>(subject: Subject<Options>): Promise<string | undefined> {
  const once = (): Promise<number> =>
    withTask(subject, async (task) => (await readStep(subject as Subject<object>, task)).loss);
  const [first, second] = [await once(), await once()];
  if (Math.abs(first - second) <= 1e-5 * Math.abs(first)) return undefined;
  return `the same images and random streams must give the same loss; received ${first}, then ${second}`;
}

function checkCommit<Options extends object>(subject: Subject<Options>): Promise<string | undefined> {
  return withTask(subject, async (task) => {
    const before = await readWeights(task.state);
    await readStep(subject as Subject<object>, task);
    const after = await readWeights(task.state);
    for (const [name, { data }] of Object.entries(before))
      if (!data.every((value, i) => value === after[name]!.data[i]))
        return `${name} must not move before \`commit\`; a step that was given up changed it`;
    return undefined;
  });
}

async function checkMemory<Options extends object>(subject: Subject<Options>): Promise<string | undefined> {
  const before = tf.memory().numTensors;
  const failure = await withTask(subject, async (task) => {
    const held = tf.memory().numTensors;
    for (const step of [0, 1, 2]) {
      const result = await task.step(subject.batch(), subject.context(step));
      if (step < 2) result.commit?.();
      else result.discard?.();
      tf.dispose([result.loss, result.gradients, (result.metrics ?? {}) as Record<string, tf.Tensor>]);
      const left = tf.memory().numTensors - held;
      if (left !== 0)
        return `a step that was ${step < 2 ? "committed" : "given up"} must leave no tensor; it left ${left}. Use tf.tidy`;
    }
    return undefined;
  });
  if (failure !== undefined) return failure;
  const left = tf.memory().numTensors - before;
  if (left === 0) return undefined;
  return `after \`dispose\` nothing may be left; ${left} tensors are. Name every variable in \`weights\`, \`lossWeights\` or \`state\``;
}

/** With batch norm in inference mode the network itself is one image at a time. */
async function checkImageByImage<Options extends object>(subject: Subject<Options>): Promise<string | undefined> {
  const network = subject.network();
  const built = subject.built(network);
  const { weights = [], lossWeights = [], state = [] } = built.parts;
  const views = drawViews(subject.batch(), built.views(subject.recipe()), subject.context());
  const step = built.step({ step: 0, epoch: 0, totalSteps: 20 });
  const pass = { training: false };
  const rowsOf = (part: readonly tf.Tensor4D[]): [string, tf.Tensor2D][] => {
    const { projections, rows } = withRows(step.encode(part, pass));
    const targets = step.targets?.(part, pass) ?? [];
    return [
      ...projections.map((tensor): [string, tf.Tensor2D] => ["`encode`: projections", tensor]),
      ...rows.map((tensor): [string, tf.Tensor2D] => ["`encode`: rows", tensor]),
      ...targets.map((tensor): [string, tf.Tensor2D] => ["`targets`", tensor]),
    ];
  };
  try {
    const whole = await readRows(() => rowsOf(views));
    const halves = [
      await readRows(() => rowsOf(views.map((view) => tf.slice(view, 0, IMAGES / 2)))),
      await readRows(() => rowsOf(views.map((view) => tf.slice(view, IMAGES / 2)))),
    ];
    for (const [i, { what, count, values }] of whole.entries()) {
      if (count !== IMAGES) return `${what} must have a row for each of ${IMAGES} images; it has ${count}`;
      const split = halves.flatMap((half) => [...half[i]!.values]);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
      const off = values.reduce((most, value, j) => Math.max(most, Math.abs(value - split[j]!)), 0);
      if (!(off <= SPLIT_TOLERANCE * largest))
        return `${what} must not depend on the other images of the batch; halves of it give values up to ${off} off. What compares images belongs into \`loss\``;
    }
    return undefined;
  } finally {
    tf.dispose([...views, ...[...weights, ...lossWeights, ...state].map(({ variable }) => variable)]);
    network.dispose();
  }
}

/** Values of what `make` makes; all tensors are freed. */
async function readRows(make: () => readonly [string, tf.Tensor2D][]) {
  const named = tf.tidy(() => make().map(([what, rows]) => [what, tf.keep(tf.clone(rows))] as const));
  const read = await Promise.all(
    named.map(async ([what, rows]) => ({ what, count: rows.shape[0], values: (await rows.data()) as Float32Array })),
  );
  tf.dispose(named.map(([, rows]) => rows));
  return read;
}
