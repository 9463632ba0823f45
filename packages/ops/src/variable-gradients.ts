import * as tf from "@tensorflow/tfjs-core";

/** One recorded kernel or custom gradient, as tfjs-core 4.22 holds it. */
interface TapeNode {
  readonly kernelName: string;
  readonly inputs: tf.NamedTensorMap;
  readonly outputs: readonly tf.Tensor[];
  /** What the gradient function needs; kept until the node is dropped. */
  readonly saved: readonly tf.Tensor[];
  readonly gradient?: (dys: readonly (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

/** The private members of tfjs-core's engine that record a tape; 4.22.0 is pinned, and a test compares the results. */
interface TapeEngine {
  startTape(): void;
  endTape(): void;
  readonly state: { activeTape: TapeNode[] | null; readonly gradientDepth: number };
}

/** A value and its gradients, as `tf.variableGrads` gives them. */
export interface VariableGradients {
  readonly value: tf.Scalar;
  /** By the variables' engine names; a variable that the value does not depend on is absent. */
  readonly grads: tf.NamedTensorMap;
}

/**
 * `tf.variableGrads`, bit for bit, in about half the memory: going backwards, what a kernel saved and the gradient of its
 * result are freed as soon as it has passed its gradient on. tfjs-core keeps all of them until the end.
 *
 * Called inside another gradient it is `tf.variableGrads`, since the outer one still needs the tape.
 *
 * @param f - Computes the loss; runs in a `tf.tidy`.
 * @param variables - Trainable ones. Not disposed.
 * @returns the loss and its gradients, float32, of the variables' shapes. The caller disposes them.
 * @throws Error if `f` gives no scalar, if it depends on none of the variables, or if a kernel on the way has no gradient.
 */
export function variableGradients(f: () => tf.Scalar, variables: readonly tf.Variable[]): VariableGradients {
  const engine = tf.engine() as unknown as TapeEngine;
  if (engine.state.gradientDepth > 0) return tf.variableGrads(f, [...variables]) as VariableGradients;
  const { value, tape } = record(engine, f);
  try {
    if (!(value instanceof tf.Tensor) || value.rank !== 0) {
      throw new Error(`variableGradients: \`f\` must return a scalar; received ${describe(value)}.`);
    }
    const gradients = tf.tidy(() => walkBack(tape, variables, value, tf.onesLike(value)));
    const named = variables.flatMap((variable, i) => (gradients[i] ? [[variable.name, gradients[i]] as const] : []));
    if (named.length > 0) return { value, grads: Object.fromEntries(named) };
    throw new Error("variableGradients: the result of `f` depends on none of the variables. Use them inside `f`.");
  } catch (error) {
    if (value instanceof tf.Tensor && !(value instanceof tf.Variable)) value.dispose();
    throw error;
  } finally {
    dropSaved(tape);
  }
}

/**
 * Gradients of `sum(f() * dy)`, freeing memory on the way as `variableGradients` does. May be called by a gradient
 * function: the tape that is being walked outside stays as it is.
 *
 * @param f - Computes a tensor of any shape; runs in a `tf.tidy`.
 * @param xs - Tensors and variables that `f` uses. Not disposed.
 * @param dy - Of the shape of what `f` gives. Not disposed.
 * @returns One for each of `xs`, of its shape; the caller disposes them.
 * @throws Error if `f` does not depend on one of `xs`, or if a kernel on the way has no gradient.
 */
export function vectorJacobian(f: () => tf.Tensor, xs: readonly tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const engine = tf.engine() as unknown as TapeEngine;
  if (engine.state.gradientDepth > 0) return tf.grads(() => f())([...xs], dy);
  const { value, tape } = record(engine, f);
  try {
    return tf.tidy(() =>
      walkBack(tape, xs, value, tf.clone(dy)).map((gradient, i) => {
        if (gradient !== undefined) return gradient;
        throw new Error(
          `vectorJacobian: the result of \`f\` does not depend on number ${i} of \`xs\`. Use it inside \`f\`.`,
        );
      }),
    );
  } finally {
    value.dispose();
    dropSaved(tape);
  }
}

function record<T extends tf.Tensor>(engine: TapeEngine, f: () => T): { value: T; tape: readonly TapeNode[] } {
  const outer = engine.state.activeTape;
  engine.startTape();
  const tape = engine.state.activeTape!;
  try {
    return { value: tf.tidy(f), tape };
  } catch (error) {
    dropSaved(tape);
    throw error;
  } finally {
    engine.endTape();
    engine.state.activeTape = outer;
  }
}

function dropSaved(nodes: readonly TapeNode[]): void {
  for (const { saved } of nodes) tf.dispose([...saved]);
}

/** The gradient by each of `xs`, given `dy`, that of `value`; undefined where `value` does not depend on it. */
function walkBack(
  tape: readonly TapeNode[],
  xs: readonly tf.Tensor[],
  value: tf.Tensor,
  dy: tf.Tensor,
): (tf.Tensor | undefined)[] {
  const fromXs = dependents(tape, xs);
  const needed = nodesBetween(tape, fromXs, value);
  // Each entry owns its tensor.
  const gradients = new Map<number, tf.Tensor>([[value.id, dy]]);
  for (const node of [...tape].reverse()) {
    if (needed.has(node)) passBack(node, fromXs, gradients);
    dropSaved([node]);
  }
  return xs.map(({ id }) => gradients.get(id));
}

/** Ids of `xs` and of every tensor made from them. */
function dependents(tape: readonly TapeNode[], xs: readonly tf.Tensor[]): Set<number> {
  const ids = new Set(xs.map(({ id }) => id));
  for (const { inputs, outputs } of tape) {
    if (Object.values(inputs).some(({ id }) => ids.has(id))) for (const { id } of outputs) ids.add(id);
  }
  return ids;
}

/** The nodes on a way from `xs` to `value`. */
function nodesBetween(tape: readonly TapeNode[], fromXs: ReadonlySet<number>, value: tf.Tensor): Set<TapeNode> {
  const toValue = new Set([value.id]);
  const between = new Set<TapeNode>();
  for (const node of [...tape].reverse()) {
    const inputs = Object.values(node.inputs);
    if (!node.outputs.some(({ id }) => toValue.has(id))) continue;
    for (const { id } of inputs) toValue.add(id);
    if (inputs.some(({ id }) => fromXs.has(id))) between.add(node);
  }
  return between;
}

/** Takes the gradients of the node's outputs out of `gradients`, and adds those of its inputs. */
function passBack(node: TapeNode, fromXs: ReadonlySet<number>, gradients: Map<number, tf.Tensor>): void {
  const dys = node.outputs.map(({ id }) => gradients.get(id) ?? null);
  if (!node.gradient) throw new Error(`variableGradients: the kernel ${node.kernelName} has no gradient.`);
  const inputs = Object.entries(node.inputs).filter(([, { id }]) => fromXs.has(id));
  const results = tf.tidy(() => {
    const functions = node.gradient!(dys);
    return inputs.map(([name, input]) => {
      const gradient = functions[name];
      if (!gradient) throw new Error(`variableGradients: ${node.kernelName} has no gradient of its input "${name}".`);
      return tf.clone(checked(tf.tidy(gradient), input, `${node.kernelName}, input "${name}"`)); // a clone shares the data
    });
  });
  for (const [i, [, { id }]] of inputs.entries()) {
    const [before, added] = [gradients.get(id), results[i]!];
    gradients.set(id, before ? tf.add(before, added) : added);
    if (before) tf.dispose([before, added]);
  }
  for (const { id } of node.outputs) {
    gradients.get(id)?.dispose();
    gradients.delete(id);
  }
}

function checked(gradient: tf.Tensor, input: tf.Tensor, what: string): tf.Tensor {
  if (gradient.dtype === "float32" && tf.util.arraysEqual(gradient.shape, input.shape)) return gradient;
  throw new Error(
    `variableGradients: the gradient of ${what}, must be float32 [${input.shape}]; its function gave ${describe(gradient)}.`,
  );
}

function describe(value: unknown): string {
  return value instanceof tf.Tensor ? `${value.dtype} [${value.shape}]` : typeof value;
}
