import { BATCH, type TracedNode } from "../trace/graph.js";
import { convolutionInfo, poolInfo, splitInfo } from "../trace/kernel-shapes.js";
import type { Layout, OnnxBuilder } from "./onnx-builder.js";

type Emit = (builder: OnnxBuilder, node: TracedNode) => void;

/** Where a tfjs axis of a 4-dimensional tensor is in NCHW. */
const NCHW_AXIS = [0, 2, 3, 1];

const rankOf = (builder: OnnxBuilder, id: number): number => builder.shapeOf(id).length;

/** The layout in which a node works that does not care. */
function layoutFor(builder: OnnxBuilder, ...ids: number[]): Layout {
  return ids.some((id) => rankOf(builder, id) === 4 && builder.layoutOf(id) === "nchw") ? "nchw" : "nhwc";
}

const unary =
  (type: string): Emit =>
  (builder, { inputs, outputs }) => {
    const layout = layoutFor(builder, inputs.x!);
    builder.bind(outputs[0]!, builder.emit(type, [builder.use(inputs.x!, layout)]), layout);
  };

const same: Emit = (builder, { inputs, outputs }) => builder.alias(outputs[0]!, inputs.x!);

const binary =
  (type: string): Emit =>
  (builder, { inputs: { a, b }, outputs: [output] }) => {
    const layout = output!.shape.length === 4 ? layoutFor(builder, a!, b!) : "nhwc";
    const operand = (id: number): string => {
      const rank = rankOf(builder, id);
      if (layout === "nhwc" || rank === 0) return builder.use(id);
      if (rank === 4) return builder.use(id, layout);
      // [C] lies along the last axis in tfjs, and must lie along the second here.
      const shape = [...new Array<number>(4 - rank).fill(1), ...builder.shapeOf(id)];
      const permuted = [shape[0]!, shape[3]!, shape[1]!, shape[2]!];
      return builder.emit("Reshape", [builder.use(id), builder.integers(permuted)]);
    };
    builder.bind(output!, builder.emit(type, [operand(a!), operand(b!)]), layout);
  };

const pads = ({ top, left, bottom, right }: { top: number; left: number; bottom: number; right: number }) => ({
  ints: [top, left, bottom, right],
});

const convolution: Emit = (builder, { inputs, attributes, outputs }) => {
  const [x, filter] = [inputs.x!, inputs.filter!];
  const info = convolutionInfo(builder.shapeOf(x), builder.shapeOf(filter), attributes);
  const name = builder.emit("Conv", [builder.use(x, "nchw"), kernel(builder, filter)], {
    kernel_shape: { ints: [info.filterHeight, info.filterWidth] },
    strides: { ints: [info.strideHeight, info.strideWidth] },
    dilations: { ints: [info.dilationHeight, info.dilationWidth] },
    pads: pads(info.padInfo),
  });
  builder.bind(outputs[0]!, name, "nchw");
};

/** A kernel as OIHW; of a weight the values themselves are rearranged. */
function kernel(builder: OnnxBuilder, id: number): string {
  const constant = builder.constantOf(id);
  if (constant === undefined) return builder.emit("Transpose", [builder.use(id)], { perm: { ints: [3, 2, 0, 1] } });
  const [height, width, inputs, filters] = constant.shape as [number, number, number, number];
  const moved = new Float32Array(constant.data.length);
  let from = 0;
  for (let k = 0; k < height * width; k++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < filters; o++) moved[(o * inputs + i) * height * width + k] = constant.data[from++]!;
  return builder.floats(constant.name, [filters, inputs, height, width], moved);
}

const batchNorm: Emit = (builder, { inputs, attributes, outputs }) => {
  const layout: Layout = rankOf(builder, inputs.x!) === 4 ? "nchw" : "nhwc";
  const parameters = [inputs.gamma!, inputs.beta!, inputs.mean!, inputs.variance!].map((id) => builder.use(id));
  const epsilon = { float: attributes.epsilon as number };
  let name = builder.emit("BatchNormalization", [builder.use(inputs.x!, layout), ...parameters], { epsilon });
  if (inputs.residual !== undefined) name = builder.emit("Add", [name, builder.use(inputs.residual, layout)]);
  if (attributes.activation === "relu") name = builder.emit("Relu", [name]);
  builder.bind(outputs[0]!, name, layout);
};

const pool =
  (type: "MaxPool" | "AveragePool"): Emit =>
  (builder, { inputs, attributes, outputs }) => {
    const info = poolInfo(builder.shapeOf(inputs.x!), attributes);
    const name = builder.emit(type, [builder.use(inputs.x!, "nchw")], {
      kernel_shape: { ints: [info.filterHeight, info.filterWidth] },
      strides: { ints: [info.strideHeight, info.strideWidth] },
      pads: pads(info.padInfo),
      ...(type === "AveragePool" && { count_include_pad: { int: 0 } }),
    });
    builder.bind(outputs[0]!, name, "nchw");
  };

const pad: Emit = (builder, { inputs, attributes, outputs }) => {
  const pairs = attributes.paddings as [number, number][];
  const layout = layoutFor(builder, inputs.x!);
  const ordered = layout === "nchw" ? [pairs[0]!, pairs[3]!, pairs[1]!, pairs[2]!] : pairs;
  const amounts = builder.integers([...ordered.map(([before]) => before), ...ordered.map(([, after]) => after)]);
  const value = attributes.constantValue as number;
  const constant = builder.floats(`pad_value/${value}`, [], Float32Array.of(value));
  const name = builder.emit("Pad", [builder.use(inputs.x!, layout), amounts, constant]);
  builder.bind(outputs[0]!, name, layout);
};

const mean: Emit = (builder, { inputs, attributes, outputs }) => {
  const keepDims = attributes.keepDims === true;
  const layout = layoutFor(builder, inputs.x!);
  const rank = rankOf(builder, inputs.x!);
  const axes = [attributes.axis as number | number[]].flat().map((axis) => (axis < 0 ? axis + rank : axis));
  // Without its spatial axes, or its channels, what is left of NCHW lies as it does of NHWC.
  const canStay = keepDims || [1, 2].every((axis) => axes.includes(axis)) || axes.includes(3);
  const working = layout === "nchw" && canStay ? "nchw" : "nhwc";
  const moved = working === "nchw" ? axes.map((axis) => NCHW_AXIS[axis]!) : axes;
  const name = builder.emit("ReduceMean", [builder.use(inputs.x!, working)], {
    axes: { ints: moved },
    keepdims: { int: keepDims ? 1 : 0 },
  });
  builder.bind(outputs[0]!, name, keepDims ? working : "nhwc");
};

const reshape: Emit = (builder, { inputs, outputs: [output] }) => {
  const [first, ...rest] = output!.shape;
  const isBatch = first === BATCH && builder.shapeOf(inputs.x!)[0] === BATCH;
  const shape = builder.integers(isBatch ? [-1, ...rest] : output!.shape);
  builder.bind(output!, builder.emit("Reshape", [builder.use(inputs.x!), shape]));
};

const matMul: Emit = (builder, { inputs, attributes, outputs }) => {
  const operand = (id: number, isTransposed: unknown): string => {
    if (isTransposed !== true) return builder.use(id);
    const axes = builder.shapeOf(id).map((_, axis) => axis);
    const [last, beforeLast] = [axes.pop()!, axes.pop()!];
    return builder.emit("Transpose", [builder.use(id)], { perm: { ints: [...axes, last, beforeLast] } });
  };
  const [a, b] = [operand(inputs.a!, attributes.transposeA), operand(inputs.b!, attributes.transposeB)];
  builder.bind(outputs[0]!, builder.emit("MatMul", [a, b]));
};

const concat: Emit = (builder, { inputs, attributes, outputs: [output] }) => {
  const ids = Object.values(inputs);
  const layout = layoutFor(builder, ...ids);
  const axis = positive(attributes.axis as number, output!.shape.length);
  const along = layout === "nchw" ? NCHW_AXIS[axis]! : axis;
  const operands = ids.map((id) => builder.use(id, layout));
  builder.bind(output!, builder.emit("Concat", operands, { axis: { int: along } }), layout);
};

const split: Emit = (builder, { inputs, attributes, outputs }) => {
  const layout = layoutFor(builder, inputs.x!);
  const { axis, sizes } = splitInfo(builder.shapeOf(inputs.x!), attributes);
  const along = { axis: { int: layout === "nchw" ? NCHW_AXIS[axis]! : axis } };
  const operands = [builder.use(inputs.x!, layout), builder.integers(sizes)];
  const names = builder.emitMany("Split", operands, sizes.length, along);
  for (const [i, output] of outputs.entries()) builder.bind(output, names[i]!, layout);
};

const softmax: Emit = (builder, { inputs, outputs }) => {
  const name = builder.emit("Softmax", [builder.use(inputs.logits!)], { axis: { int: -1 } });
  builder.bind(outputs[0]!, name);
};

const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** How each kernel that can be traced is written; the keys are those of `KERNEL_SHAPES`. */
export const ONNX_KERNELS: Readonly<Record<string, Emit>> = {
  Add: binary("Add"),
  Sub: binary("Sub"),
  Multiply: binary("Mul"),
  RealDiv: binary("Div"),
  Relu: unary("Relu"),
  Sigmoid: unary("Sigmoid"),
  Softmax: softmax,
  Identity: same,
  Cast: same, // all tensors of a traced network are float32
  SimclrBatchNormInference: batchNorm,
  Conv2D: convolution,
  MaxPool: pool("MaxPool"),
  AvgPool: pool("AveragePool"),
  PadV2: pad,
  Mean: mean,
  Reshape: reshape,
  BatchMatMul: matMul,
  Concat: concat,
  SplitV: split,
};
