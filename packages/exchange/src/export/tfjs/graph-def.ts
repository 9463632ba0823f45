import type { TracedConstant } from "../trace/graph.js";

/** An attribute of a node, as TensorFlow's `AttrValue` is written in JSON: numbers of 64 bits and bytes are strings. */
export type AttributeJson =
  | { readonly type: "DT_FLOAT" | "DT_INT32" }
  | { readonly b: boolean }
  | { readonly f: number }
  | { readonly i: string }
  | { readonly s: string }
  | { readonly list: { readonly i: readonly string[] } }
  | { readonly shape: { readonly dim: readonly { readonly size: string }[] } };

export interface NodeJson {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, AttributeJson>>;
}

/** A constant of a graph: its values lie in the weight files. */
export interface GraphWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export const float: AttributeJson = { type: "DT_FLOAT" };
const integer: AttributeJson = { type: "DT_INT32" };
export const integers = (values: readonly number[]): AttributeJson => ({ list: { i: values.map(String) } });
export const text = (value: string): AttributeJson => ({ s: btoa(value) });

/** Collects the nodes of a TensorFlow graph. */
export class GraphBuilder {
  readonly nodes: NodeJson[] = [];
  readonly weights: GraphWeight[] = [];
  readonly #names = new Map<number, string>();
  readonly #shapes = new Map<number, readonly number[]>();
  #count = 0;

  constructor(constants: readonly TracedConstant[]) {
    for (const { id, name, shape, data } of constants) this.bind({ id, shape }, this.constant(name, shape, data));
  }

  nameOf(id: number): string {
    return this.#names.get(id)!;
  }

  shapeOf(id: number): readonly number[] {
    return this.#shapes.get(id)!;
  }

  bind({ id, shape }: { readonly id: number; readonly shape: readonly number[] }, name: string): void {
    this.#names.set(id, name);
    this.#shapes.set(id, shape);
  }

  /** Adds a node and gives its name. */
  emit(op: string, input: readonly string[], attr: Readonly<Record<string, AttributeJson>> = {}): string {
    const name = `${op}_${this.#count++}`;
    this.nodes.push({ name, op, input, attr: { T: float, ...attr } });
    return name;
  }

  constant(name: string, shape: readonly number[], data: Float32Array | Int32Array): string {
    this.nodes.push({ name, op: "Const", attr: { dtype: data instanceof Int32Array ? integer : float } });
    this.weights.push({ name, shape, data });
    return name;
  }

  /** A constant of 32-bit integers: a vector, or of a number a scalar. */
  integers(values: readonly number[] | number): string {
    const shape = typeof values === "number" ? [] : [values.length];
    return this.constant(`integers_${this.#count++}`, shape, Int32Array.from([values].flat()));
  }
}
