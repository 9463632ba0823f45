import { BATCH, type TracedNode } from "../trace/graph.js";
import { convolutionInfo, poolInfo, splitInfo } from "../trace/kernel-shapes.js";
import { type AttributeJson, type GraphBuilder, integers, text } from "./graph-def.js";

type Emit = (builder: GraphBuilder, node: TracedNode) => void;

/** Less than any number that a network gives: what max-pooling must see beyond the image. */
const LOWEST = -3.4028234663852886e38;

const op =
  (name: string, ...keys: string[]): Emit =>
  (builder, { inputs, outputs }) => {
    const operands = keys.map((key) => builder.nameOf(inputs[key]!));
    builder.bind(outputs[0]!, builder.emit(name, operands));
  };

const convolution: Emit = (builder, { inputs, attributes, outputs }) => {
  const info = convolutionInfo(builder.shapeOf(inputs.x!), builder.shapeOf(inputs.filter!), attributes);
  const { top, bottom, left, right } = info.padInfo;
  const isNamed = typeof attributes.pad === "string";
  const padding = isNamed ? (attributes.pad as string).toUpperCase() : "EXPLICIT";
  const name = builder.emit("Conv2D", [builder.nameOf(inputs.x!), builder.nameOf(inputs.filter!)], {
    strides: integers([1, info.strideHeight, info.strideWidth, 1]),
    dilations: integers([1, info.dilationHeight, info.dilationWidth, 1]),
    padding: text(padding),
    data_format: text("NHWC"),
    ...(!isNamed && { explicit_paddings: integers([0, 0, top, bottom, left, right, 0, 0]) }),
  });
  builder.bind(outputs[0]!, name);
};

const batchNorm: Emit = (builder, { inputs, attributes, outputs }) => {
  const { x, gamma, beta, mean, variance, residual } = inputs;
  const shape = builder.shapeOf(x!);
  const channels = shape.at(-1)!;
  const parameters = [gamma!, beta!, mean!, variance!].map((id) => builder.nameOf(id));
  // TensorFlow's batch norm takes images: rows of features become images of one pixel.
  const isImages = shape.length === 4;
  const input = isImages
    ? builder.nameOf(x!)
    : builder.emit("Reshape", [builder.nameOf(x!), builder.integers([-1, 1, 1, channels])]);
  let name = builder.emit("FusedBatchNormV3", [input, ...parameters], {
    epsilon: { f: attributes.epsilon as number },
    is_training: { b: false },
    data_format: text("NHWC"),
  });
  if (!isImages) name = builder.emit("Reshape", [name, builder.integers(batched(shape))]);
  if (residual !== undefined) name = builder.emit("AddV2", [name, builder.nameOf(residual)]);
  if (attributes.activation === "relu") name = builder.emit("Relu", [name]);
  builder.bind(outputs[0]!, name);
};

const pool =
  (type: "MaxPool" | "AvgPool"): Emit =>
  (builder, { inputs, attributes, outputs }) => {
    const info = poolInfo(builder.shapeOf(inputs.x!), attributes);
    let input = builder.nameOf(inputs.x!);
    let padding = String(attributes.pad).toUpperCase();
    if (typeof attributes.pad !== "string") {
      const { top, bottom, left, right } = info.padInfo;
      if (type === "AvgPool" && top + bottom + left + right > 0)
        throw new Error("average pooling with numbers as padding has no counterpart in TensorFlow");
      input = padded(builder, input, [0, 0, top, bottom, left, right, 0, 0], LOWEST);
      padding = "VALID";
    }
    const name = builder.emit(type, [input], {
      ksize: integers([1, info.filterHeight, info.filterWidth, 1]),
      strides: integers([1, info.strideHeight, info.strideWidth, 1]),
      padding: text(padding),
      data_format: text("NHWC"),
    });
    builder.bind(outputs[0]!, name);
  };

function padded(builder: GraphBuilder, input: string, amounts: readonly number[], value: number): string {
  const name = `paddings_${builder.nodes.length}`;
  const paddings = builder.constant(name, [amounts.length / 2, 2], Int32Array.from(amounts));
  const constant = builder.constant(`${name}_value`, [], Float32Array.of(value));
  return builder.emit("PadV2", [input, paddings, constant]);
}

const pad: Emit = (builder, { inputs, attributes, outputs }) => {
  const amounts = (attributes.paddings as [number, number][]).flat();
  const name = padded(builder, builder.nameOf(inputs.x!), amounts, attributes.constantValue as number);
  builder.bind(outputs[0]!, name);
};

const mean: Emit = (builder, { inputs, attributes, outputs }) => {
  const axes = builder.integers([attributes.axis as number | number[]].flat());
  const keep: AttributeJson = { b: attributes.keepDims === true };
  builder.bind(outputs[0]!, builder.emit("Mean", [builder.nameOf(inputs.x!), axes], { keep_dims: keep }));
};

/** A shape whose first dimension is known only when the graph runs, if it is the batch's. */
const batched = ([first, ...rest]: readonly number[]): number[] => [first === BATCH ? -1 : first!, ...rest];

const reshape: Emit = (builder, { inputs, outputs: [output] }) => {
  const isBatch = builder.shapeOf(inputs.x!)[0] === BATCH;
  const shape = builder.integers(isBatch ? batched(output!.shape) : output!.shape);
  builder.bind(output!, builder.emit("Reshape", [builder.nameOf(inputs.x!), shape]));
};

const matMul: Emit = (builder, { inputs, attributes, outputs }) => {
  const operands = [builder.nameOf(inputs.a!), builder.nameOf(inputs.b!)];
  const [a, b] = [attributes.transposeA === true, attributes.transposeB === true];
  const isMatrix = builder.shapeOf(inputs.a!).length === 2;
  const name = isMatrix
    ? builder.emit("MatMul", operands, { transpose_a: { b: a }, transpose_b: { b } })
    : builder.emit("BatchMatMulV2", operands, { adj_x: { b: a }, adj_y: { b } });
  builder.bind(outputs[0]!, name);
};

const concat: Emit = (builder, { inputs, attributes, outputs }) => {
  const operands = Object.values(inputs).map((id) => builder.nameOf(id));
  const axis = builder.integers(attributes.axis as number);
  builder.bind(outputs[0]!, builder.emit("ConcatV2", [...operands, axis], { N: { i: String(operands.length) } }));
};

const split: Emit = (builder, { inputs, attributes, outputs }) => {
  const { axis, sizes } = splitInfo(builder.shapeOf(inputs.x!), attributes);
  const operands = [builder.nameOf(inputs.x!), builder.integers(sizes), builder.integers(axis)];
  const name = builder.emit("SplitV", operands, { num_split: { i: String(sizes.length) } });
  for (const [i, output] of outputs.entries()) builder.bind(output, i === 0 ? name : `${name}:${i}`);
};

/** How each kernel that can be traced is written; the keys are those of `KERNEL_SHAPES`. */
export const GRAPH_KERNELS: Readonly<Record<string, Emit>> = {
  Add: op("AddV2", "a", "b"),
  Sub: op("Sub", "a", "b"),
  Multiply: op("Mul", "a", "b"),
  RealDiv: op("RealDiv", "a", "b"),
  Relu: op("Relu", "x"),
  Sigmoid: op("Sigmoid", "x"),
  Softmax: op("Softmax", "logits"),
  Identity: op("Identity", "x"),
  Cast: op("Identity", "x"), // all tensors of a traced network are float32
  SimclrBatchNormInference: batchNorm,
  Conv2D: convolution,
  MaxPool: pool("MaxPool"),
  AvgPool: pool("AvgPool"),
  PadV2: pad,
  Mean: mean,
  Reshape: reshape,
  BatchMatMul: matMul,
  Concat: concat,
  SplitV: split,
};
