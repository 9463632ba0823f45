/** A tensor of the graph, by number. Its first dimension is the batch's where it depends on the images. */
export interface TracedValue {
  readonly id: number;
  readonly shape: readonly number[];
}

/** A call of a kernel, as tfjs names it. */
export interface TracedNode {
  readonly kernel: string;
  /** Numbers of values, by the kernel's name for each input; the inputs of `Concat` are `0`, `1`, …. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly outputs: readonly TracedValue[];
}

/** A weight, or a number that the program holds. */
export interface TracedConstant extends TracedValue {
  /** The weight's name, or `constant/<id>`. */
  readonly name: string;
  readonly data: Float32Array;
}

/** What a network computes in inference mode. */
export interface TracedGraph {
  /** The images, `[BATCH, H, W, C]`. */
  readonly input: TracedValue;
  /** In an order in which they can run. */
  readonly nodes: readonly TracedNode[];
  readonly constants: readonly TracedConstant[];
  /** Numbers of values, by name. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** Number of images in the traced pass: an uncommon one, so that the dimension is recognised. */
export const BATCH = 3;
