import { InvalidArgumentError, Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Loss } from "./define-loss.js";

/** What `checkLoss` can test. */
export type LossPromise = "value" | "memory" | "gradient" | "row order" | "view symmetry" | "extreme inputs";

export interface LossCheck<Inputs extends readonly tf.Tensor[], Options extends object> {
  /**
   * Makes inputs as a training step would, few rows and columns. The first rows of every input must differ, or a wrong
   * order would not show. The kit disposes them.
   */
  readonly inputs: (random: Random) => Inputs;
  /** Options that all checks use. @defaultValue the loss's own */
  readonly options?: Partial<Options>;
  /** Positions of the inputs that a gradient reaches. @defaultValue [0] */
  readonly differentiable?: readonly number[];
  /**
   * Groups of inputs, by position, whose rows may be put into another order together without changing the loss.
   *
   * @defaultValue none: the loss promises no such thing
   */
  readonly rowOrder?: readonly (readonly number[])[];
  /** Pairs of inputs, by position, that may all change places at once without changing the loss. @defaultValue none */
  readonly viewSymmetry?: readonly (readonly [number, number])[];
  /**
   * For a loss that holds a part of its computation constant (a stop-gradient): gives, for inputs, the function whose
   * derivative at these inputs the gradient must be. Its value must be that of the loss there.
   *
   * @defaultValue the loss itself
   */
  readonly frozen?: (inputs: Inputs) => (inputs: Inputs) => tf.Scalar;
  /** Factors on the differentiable inputs under which value and gradient must be finite. @defaultValue [0, 1e-6, 1e4] */
  readonly magnitudes?: readonly number[];
  /** Step of the central differences. @defaultValue 1e-2 */
  readonly step?: number;
  /** Two numbers agree if they differ by at most atol + rtol · |expected|. @defaultValue 1e-3 */
  readonly atol?: number;
  /** @defaultValue 1e-2 */
  readonly rtol?: number;
  /** Seed of the inputs. @defaultValue 0 */
  readonly seed?: number;
  /** Test these only, where a program has no time for all. @defaultValue everything that is claimed */
  readonly only?: readonly LossPromise[];
}

/** At most so many elements of an input are moved for central differences, evenly spread. */
const GRADIENT_SAMPLES = 16;

/** What float32 sums in another order may differ by, relative to their size. */
const ORDER_TOLERANCE = 1e-5;

/**
 * Tests what a loss promises, under any test runner and in browsers: that it returns the same finite scalar each time,
 * borrows its inputs and leaves no tensor behind, with and without a gradient; that its gradient is the one that central
 * differences give; that row order and views do not matter where that is claimed; that it is finite under extreme inputs.
 *
 * @example
 * it("keeps its promises", () =>
 *   checkLoss(alignment, {
 *     inputs: (random) => [normal(random, [4, 3]), normal(random, [4, 3])],
 *     differentiable: [0, 1],
 *     rowOrder: [[0, 1]],
 *     viewSymmetry: [[0, 1]],
 *   }));
 *
 * @returns What was tested.
 * @throws InvalidArgumentError listing all promises that were broken, with numbers.
 */
export async function checkLoss<Inputs extends readonly tf.Tensor[] | readonly [], Options extends object>(
  loss: Loss<Inputs, Options>,
  check: LossCheck<Inputs, Options>,
): Promise<readonly LossPromise[]> {
  const subject: Subject<Inputs> = {
    call: (inputs) => loss.loss(inputs, check.options),
    make: () => check.inputs(Random.fromSeed(check.seed ?? 0).fork("check-loss")),
    differentiable: check.differentiable ?? [0],
  };
  const tests: [LossPromise, () => Promise<string | undefined>][] = [
    ["value", () => checkValue(subject)],
    ["memory", () => checkMemory(subject)],
    ["gradient", () => checkGradient(subject, check)],
    ...(check.rowOrder ?? []).map((group): [LossPromise, () => Promise<string | undefined>] => [
      "row order",
      () => checkRowOrder(subject, group),
    ]),
    ...(check.viewSymmetry === undefined
      ? []
      : [["view symmetry", () => checkViewSymmetry(subject, check.viewSymmetry ?? [])] as never]),
    ["extreme inputs", () => checkExtremes(subject, check.magnitudes ?? [0, 1e-6, 1e4])],
  ];
  const failures: string[] = [];
  const chosen = tests.filter(([promise]) => check.only?.includes(promise) ?? true);
  for (const [promise, test] of chosen) {
    const failure = await test().catch((error: unknown) => `threw ${String(error)}`);
    if (failure !== undefined) failures.push(`${promise}: ${failure}`);
  }
  if (failures.length === 0) return [...new Set(chosen.map(([promise]) => promise))];
  throw new InvalidArgumentError(
    `checkLoss: the loss "${loss.name}" must keep its promises; ${failures.length} of ${chosen.length} checks failed. ` +
      `Correct the loss, or claim less.\n${failures.map((failure) => `- ${failure}`).join("\n")}`,
    { subject: loss.name, expected: "no failed check", received: failures.join("; ") },
  );
}

interface Subject<Inputs extends readonly tf.Tensor[]> {
  readonly call: (inputs: Inputs) => tf.Scalar;
  readonly make: () => Inputs;
  readonly differentiable: readonly number[];
}

/** Reads the tensors that `f` makes out of fresh inputs, and frees everything. */
async function read<Inputs extends readonly tf.Tensor[]>(
  { make }: Subject<Inputs>,
  f: (inputs: Inputs) => readonly tf.Tensor[],
): Promise<Float32Array[]> {
  const results = tf.tidy(() => [...f(make())]);
  const values = await Promise.all(results.map((tensor) => tensor.data() as Promise<Float32Array>));
  tf.dispose(results);
  return values;
}

const close = (actual: number, expected: number, atol: number, rtol: number): boolean =>
  Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);

function replaced<Inputs extends readonly tf.Tensor[]>(inputs: Inputs, position: number, tensor: tf.Tensor): Inputs {
  return inputs.map((input, i) => (i === position ? tensor : input)) as unknown as Inputs;
}

/** The loss and its gradients with respect to the differentiable inputs. */
function valueAndGradients<Inputs extends readonly tf.Tensor[]>(
  { call, differentiable }: Subject<Inputs>,
  inputs: Inputs,
): tf.Tensor[] {
  const moving = differentiable.map((position) => inputs[position]!);
  const { value, grads } = tf.valueAndGrads((...moved: tf.Tensor[]) =>
    call(differentiable.reduce((all, position, i) => replaced(all, position, moved[i]!), inputs)),
  )(moving);
  return [value, ...grads];
}

async function checkValue<Inputs extends readonly tf.Tensor[]>(subject: Subject<Inputs>): Promise<string | undefined> {
  const [first, second] = await read(subject, (inputs) => [subject.call(inputs), subject.call(inputs)]);
  if (!Number.isFinite(first![0])) return `must be finite; received ${first![0]}`;
  if (first![0] !== second![0])
    return `must be the same for the same inputs; received ${first![0]}, then ${second![0]}`;
  return undefined;
}

async function checkMemory<Inputs extends readonly tf.Tensor[]>(subject: Subject<Inputs>): Promise<string | undefined> {
  const inputs = subject.make();
  const failure = (): string | undefined => {
    const runs: [string, number, () => tf.TensorContainer][] = [
      ["a call", 1, () => subject.call(inputs)],
      ["a gradient", 1 + subject.differentiable.length, () => valueAndGradients(subject, inputs)],
    ];
    for (const [what, expected, run] of runs) {
      const before = tf.memory().numTensors;
      tf.engine().startScope();
      let left = 0;
      try {
        const result = run();
        left = tf.memory().numTensors - before;
        tf.dispose(result);
      } finally {
        tf.engine().endScope(); // frees what leaked, so that the next check starts clean
      }
      if (inputs.some((input) => input.isDisposed)) return `${what} disposed an input, which it only borrows`;
      if (left !== expected) return `${what} must make ${expected} new tensors in all; left ${left}. Use tf.tidy`;
    }
    return undefined;
  };
  const result = failure();
  tf.dispose(inputs.filter((input) => !input.isDisposed));
  return result;
}

async function checkGradient<Inputs extends readonly tf.Tensor[], Options extends object>(
  subject: Subject<Inputs>,
  { frozen, step = 1e-2, atol = 1e-3, rtol = 1e-2 }: LossCheck<Inputs, Options>,
): Promise<string | undefined> {
  const [, ...gradients] = await read(subject, (inputs) => valueAndGradients(subject, inputs));
  for (const [i, position] of subject.differentiable.entries()) {
    const [values] = await read(subject, (inputs) => [tf.clone(inputs[position]!)]);
    const stride = Math.max(1, Math.ceil(values!.length / GRADIENT_SAMPLES));
    for (let element = 0; element < values!.length; element += stride) {
      const [above, below] = await read(subject, (inputs) => {
        const f = frozen === undefined ? subject.call : frozen(inputs);
        return [step, -step].map((delta) => {
          const moved = Float32Array.from(values!);
          moved[element]! += delta;
          return f(replaced(inputs, position, tf.tensor(moved, inputs[position]!.shape, "float32")));
        });
      });
      const expected = (above![0]! - below![0]!) / (2 * step);
      const actual = gradients[i]![element]!;
      if (!close(actual, expected, atol, rtol))
        return `element ${element} of input ${position} has ${actual}, central differences give ${expected}`;
    }
  }
  return undefined;
}

async function checkRowOrder<Inputs extends readonly tf.Tensor[]>(
  subject: Subject<Inputs>,
  group: readonly number[],
): Promise<string | undefined> {
  // A rotation moves every row, and unlike a reversal does not map pairs of neighbours to themselves.
  const rotate = (x: tf.Tensor): tf.Tensor => {
    const rows = x.shape[0]!;
    return tf.gather(
      x,
      tf.tensor1d(
        [...Array(rows).keys()].map((row) => (row + 1) % rows),
        "int32",
      ),
    );
  };
  const [as, moved] = await read(subject, (inputs) => [
    subject.call(inputs),
    subject.call(group.reduce((all, position) => replaced(all, position, rotate(all[position]!)), inputs)),
  ]);
  if (close(moved![0]!, as![0]!, ORDER_TOLERANCE, ORDER_TOLERANCE)) return undefined;
  return `rows of inputs ${group.join(" and ")} in another order change the loss from ${as![0]} to ${moved![0]}`;
}

async function checkViewSymmetry<Inputs extends readonly tf.Tensor[]>(
  subject: Subject<Inputs>,
  pairs: readonly (readonly [number, number])[],
): Promise<string | undefined> {
  const swap = (inputs: Inputs): Inputs =>
    pairs.reduce((all, [a, b]) => replaced(replaced(all, a, all[b]!), b, all[a]!), inputs);
  const [as, swapped] = await read(subject, (inputs) => [subject.call(inputs), subject.call(swap(inputs))]);
  if (close(swapped![0]!, as![0]!, ORDER_TOLERANCE, ORDER_TOLERANCE)) return undefined;
  return `swapped views change the loss from ${as![0]} to ${swapped![0]}`;
}

async function checkExtremes<Inputs extends readonly tf.Tensor[]>(
  subject: Subject<Inputs>,
  magnitudes: readonly number[],
): Promise<string | undefined> {
  for (const magnitude of magnitudes) {
    const results = await read(subject, (inputs) => {
      const scaled = subject.differentiable.reduce(
        (all, position) => replaced(all, position, tf.mul(all[position]!, magnitude)),
        inputs,
      );
      return valueAndGradients(subject, scaled);
    });
    for (const [i, values] of results.entries()) {
      const wrong = values.find((value) => !Number.isFinite(value));
      if (wrong !== undefined)
        return `${i === 0 ? "the value" : "a gradient"} must be finite for inputs times ${magnitude}; received ${wrong}`;
    }
  }
  return undefined;
}
