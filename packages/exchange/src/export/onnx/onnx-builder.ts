import type { TracedConstant, TracedValue } from "../trace/graph.js";
import type { OnnxAttribute, OnnxInitializer, OnnxNode } from "./onnx-proto.js";

/** How the values of a 4-dimensional tensor lie: as in tfjs, or as ONNX's convolutions want them. */
export type Layout = "nhwc" | "nchw";

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

interface Placed {
  readonly name: string;
  readonly layout: Layout;
}

/**
 * Collects the nodes of an ONNX graph. Images enter as NHWC and are transposed once; from there on 4-dimensional tensors stay
 * as NCHW, unless a node needs them otherwise.
 */
export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly #values = new Map<number, { shape: readonly number[]; constant: TracedConstant | undefined }>();
  readonly #placed = new Map<string, Placed>();
  readonly #layouts = new Map<number, Layout>();
  /** Names of the model's outputs. */
  readonly #outputs = new Set<string>();
  #count = 0;

  constructor(input: TracedValue, inputName: string, constants: readonly TracedConstant[]) {
    this.#values.set(input.id, { shape: input.shape, constant: undefined });
    this.#place(input.id, "nhwc", inputName);
    for (const constant of constants) this.#values.set(constant.id, { shape: constant.shape, constant });
  }

  shapeOf(id: number): readonly number[] {
    return this.#values.get(id)!.shape;
  }

  constantOf(id: number): TracedConstant | undefined {
    return this.#values.get(id)!.constant;
  }

  /** The layout in which a value was made. Constants, and what has other than 4 dimensions, are as in tfjs. */
  layoutOf(id: number): Layout {
    return this.#layouts.get(id) ?? "nhwc";
  }

  /** A name for the value in a layout; transposes it where it is needed. */
  use(id: number, layout: Layout = "nhwc"): string {
    const known = this.#placed.get(`${id}/${layout}`);
    if (known !== undefined) return known.name;
    const constant = this.constantOf(id);
    if (constant !== undefined && !this.#placed.has(`${id}/nhwc`)) {
      this.initializers.push({ name: constant.name, shape: constant.shape, data: constant.data });
      this.#place(id, "nhwc", constant.name);
      return this.use(id, layout);
    }
    const from = layout === "nchw" ? "nhwc" : "nchw";
    const perm = { perm: { ints: layout === "nchw" ? TO_NCHW : TO_NHWC } };
    const name = this.emit("Transpose", [this.use(id, from)], perm);
    this.#place(id, layout, name);
    return name;
  }

  /** Adds a node with one output, and gives that a name. */
  emit(type: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.emitMany(type, inputs, 1, attributes)[0]!;
  }

  emitMany(
    type: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string[] {
    const names = Array.from({ length: outputs }, () => `${type}_${this.#count++}`);
    this.nodes.push({ type, inputs, outputs: names, attributes });
    return names;
  }

  /** Says under which name, and in which layout, a traced value is found from now on. */
  bind({ id, shape }: TracedValue, name: string, layout: Layout = "nhwc"): void {
    this.#values.set(id, { shape, constant: undefined });
    this.#layouts.set(id, layout);
    this.#place(id, layout, name);
  }

  /** Lets a second traced value be the same as a first. */
  alias({ id, shape }: TracedValue, of: number): void {
    const layout = this.layoutOf(of);
    this.bind({ id, shape }, this.use(of, layout), layout);
  }

  /** Calls a value by the name of an output of the model. */
  rename(id: number, name: string): void {
    const before = this.use(id);
    const isMade = this.nodes.some(({ outputs }) => outputs.includes(before));
    if (!isMade || this.#outputs.has(before)) {
      this.nodes.push({ type: "Identity", inputs: [before], outputs: [name] });
      return;
    }
    const renamed = (names: readonly string[]): string[] => names.map((each) => (each === before ? name : each));
    for (const [i, node] of this.nodes.entries())
      this.nodes[i] = { ...node, inputs: renamed(node.inputs), outputs: renamed(node.outputs) };
    for (const [key, placed] of this.#placed) if (placed.name === before) this.#placed.set(key, { ...placed, name });
    this.#outputs.add(name);
  }

  /** A constant of 64-bit integers, such as a shape. */
  integers(values: readonly number[]): string {
    const name = `integers_${this.#count++}`;
    this.initializers.push({ name, shape: [values.length], data: BigInt64Array.from(values, BigInt) });
    return name;
  }

  /** A constant of float32. */
  floats(name: string, shape: readonly number[], data: Float32Array): string {
    if (!this.initializers.some((initializer) => initializer.name === name))
      this.initializers.push({ name, shape, data });
    return name;
  }

  #place(id: number, layout: Layout, name: string): void {
    this.#placed.set(`${id}/${layout}`, { name, layout });
  }
}
