import * as tf from "@tensorflow/tfjs-core";

type Shape = number[];
type Shape4 = [number, number, number, number];
type Inputs = Readonly<Record<string, Shape>>;
type Attributes = Readonly<Record<string, unknown>>;

/** Shapes of a kernel's outputs. */
type ShapesOf = (inputs: Inputs, attributes: Attributes) => Shape[];

const same: ShapesOf = (inputs) => [[...inputs.x!]];

const broadcast: ShapesOf = ({ a, b }) => [tf.backend_util.assertAndGetBroadcastShape(a!, b!)];

const pool: ShapesOf = ({ x }, attributes) => [poolInfo(x!, attributes).outShape];

/** Every kernel that can be exported, by its name in tfjs or in `@simclr/ops`. */
export const KERNEL_SHAPES: Readonly<Record<string, ShapesOf>> = {
  Add: broadcast,
  Sub: broadcast,
  Multiply: broadcast,
  RealDiv: broadcast,
  Relu: same,
  Sigmoid: same,
  Softmax: ({ logits }) => [[...logits!]],
  Identity: same,
  Cast: same,
  SimclrBatchNormInference: same,
  Conv2D: ({ x, filter }, attributes) => [convolutionInfo(x!, filter!, attributes).outShape],
  MaxPool: pool,
  AvgPool: pool,
  PadV2: ({ x }, { paddings }) => {
    const pairs = paddings as [number, number][];
    return [x!.map((size, axis) => size + pairs[axis]![0] + pairs[axis]![1])];
  },
  Mean: ({ x }, { axis, keepDims }) => {
    const axes = tf.util.parseAxisParam(axis as number | number[], x!);
    return [x!.flatMap((size, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [size]))];
  },
  Reshape: ({ x }, { shape }) => [tf.util.inferFromImplicitShape(shape as number[], tf.util.sizeFromShape(x!))],
  BatchMatMul: ({ a, b }, { transposeA, transposeB }) => {
    const rows = a!.at(transposeA ? -1 : -2)!;
    const columns = b!.at(transposeB ? -2 : -1)!;
    return [[...a!.slice(0, -2), rows, columns]];
  },
  Concat: (inputs, { axis }) => {
    const shapes = Object.values(inputs);
    const [along = 0] = tf.util.parseAxisParam(axis as number, shapes[0]!);
    return [shapes[0]!.map((size, i) => (i === along ? shapes.reduce((sum, shape) => sum + shape[i]!, 0) : size))];
  },
  SplitV: ({ x }, attributes) => {
    const { axis, sizes } = splitInfo(x!, attributes);
    return sizes.map((size) => x!.map((whole, i) => (i === axis ? size : whole)));
  },
};

/** Padding, strides and sizes of a convolution. */
export function convolutionInfo(x: readonly number[], filter: readonly number[], attributes: Attributes) {
  const { strides, pad, dilations, dimRoundingMode } = attributes as unknown as tf.Conv2DAttrs;
  return tf.backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    "channelsLast",
  );
}

/** Padding, strides and sizes of a pooling. */
export function poolInfo(x: readonly number[], attributes: Attributes) {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as unknown as tf.MaxPoolAttrs;
  return tf.backend_util.computePool2DInfo(x as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
}

export function splitInfo(x: readonly number[], attributes: Attributes): { axis: number; sizes: number[] } {
  const { numOrSizeSplits, axis } = attributes as unknown as tf.SplitVAttrs;
  const [along = 0] = tf.util.parseAxisParam(axis, [...x]);
  const sizes =
    typeof numOrSizeSplits === "number"
      ? new Array<number>(numOrSizeSplits).fill(x[along]! / numOrSizeSplits)
      : numOrSizeSplits;
  return { axis: along, sizes };
}
