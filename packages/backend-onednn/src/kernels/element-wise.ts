import * as tf from "@tensorflow/tfjs-core";
import { allFloat32, isNumeric, type KernelCall, type NativeKernel } from "../kernel.js";

/** Functions of one float32 operand; `parameter` reads what LeakyRelu and Step take beside it. */
function unary(name: string, parameter: (attrs: KernelCall["attrs"]) => number = () => 0): NativeKernel {
  return {
    name,
    accepts: allFloat32,
    run: ({ inputs, attrs, backend }) => {
      const x = inputs.x!;
      return backend.compute(name, [backend.handle(x), tf.util.sizeFromShape(x.shape), parameter(attrs)], x.shape);
    },
  };
}

const alpha = (attrs: KernelCall["attrs"]): number => attrs.alpha as number;

const PLAIN_UNARY = [
  ...["Abs", "Neg", "Square", "Sqrt", "Rsqrt", "Reciprocal", "Relu", "Relu6", "Sign"],
  ...["Exp", "Expm1", "Log", "Log1p", "Sigmoid", "Tanh", "Floor", "Ceil", "Round"],
];

const clipByValue: NativeKernel = {
  name: "ClipByValue",
  accepts: allFloat32,
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { clipValueMin, clipValueMax } = attrs as { clipValueMin: number; clipValueMax: number };
    const args = [backend.handle(x), tf.util.sizeFromShape(x.shape), clipValueMin, clipValueMax];
    return backend.compute("ClipByValue", args, x.shape);
  },
};

/** Dimensions beyond this go to cpu; see `kMaxRank` of broadcast.h. */
const MAX_RANK = 8;

/** Functions of two operands of one dtype among `dtypes`; the result is bool where `compares`. */
function binary(name: string, dtypes: readonly tf.DataType[], compares = false): NativeKernel {
  return {
    name,
    accepts: ({ inputs: { a, b } }) =>
      a!.dtype === b!.dtype && dtypes.includes(a!.dtype) && Math.max(a!.shape.length, b!.shape.length) <= MAX_RANK,
    run: ({ inputs, backend }) => {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const dtype = compares ? "bool" : a.dtype;
      if (haveOneShape(a, b)) {
        const size = tf.util.sizeFromShape(a.shape);
        return backend.compute(name, [backend.handle(a), backend.handle(b), size, size], a.shape, dtype);
      }
      const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
      return backend.compute(name, [backend.handle(a), backend.handle(b), a.shape, b.shape], shape, dtype);
    },
  };
}

/** Whether there is nothing to broadcast, so that only the number of values matters. */
function haveOneShape(a: tf.TensorInfo, b: tf.TensorInfo): boolean {
  if (a.shape.length !== b.shape.length) return false;
  for (let i = 0; i < a.shape.length; i++) if (a.shape[i] !== b.shape[i]) return false;
  return true;
}

const NUMBERS: readonly tf.DataType[] = ["float32", "int32"];

const select: NativeKernel = {
  name: "Select",
  accepts: ({ inputs: { condition, t, e } }) =>
    condition!.dtype === "bool" && t!.dtype === e!.dtype && t!.dtype !== "complex64" && t!.dtype !== "string",
  run: ({ inputs, backend }) => {
    const { condition, t, e } = inputs as Record<"condition" | "t" | "e", tf.TensorInfo>;
    const rows = tf.util.sizeFromShape(condition.shape);
    const size = tf.util.sizeFromShape(t.shape);
    const width = rows === 0 ? 1 : size / rows;
    const args = [backend.handle(condition), backend.handle(t), backend.handle(e), rows, width];
    return backend.compute("Select", args, t.shape, t.dtype);
  },
};

const cast: NativeKernel = {
  name: "Cast",
  accepts: ({ inputs, attrs }) => isNumeric(inputs.x!.dtype) && isNumeric(attrs.dtype as tf.DataType),
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const dtype = attrs.dtype as tf.DataType;
    if (dtype === x.dtype) return backend.alias(x);
    return backend.compute("Cast", [backend.handle(x), tf.util.sizeFromShape(x.shape), dtype], x.shape, dtype);
  },
};

const fill: NativeKernel = {
  name: "Fill",
  accepts: ({ attrs }) => {
    const { dtype, value } = attrs as { dtype?: tf.DataType; value: number | string };
    return typeof value !== "string" && isNumeric(dtype ?? "float32");
  },
  run: ({ attrs, backend }) => {
    const { shape, value, dtype = "float32" } = attrs as { shape: number[]; value: number; dtype?: tf.DataType };
    return backend.compute("Fill", [tf.util.sizeFromShape(shape), Number(value), dtype], shape, dtype);
  },
};

function like(name: string, value: number): NativeKernel {
  return {
    name,
    accepts: ({ inputs }) => isNumeric(inputs.x!.dtype),
    run: ({ inputs, backend }) => {
      const { shape, dtype } = inputs.x!;
      return backend.compute("Fill", [tf.util.sizeFromShape(shape), value, dtype], shape, dtype);
    },
  };
}

export const elementWise: readonly NativeKernel[] = [
  ...PLAIN_UNARY.map((name) => unary(name)),
  unary("LeakyRelu", alpha),
  unary("Step", alpha),
  clipByValue,
  ...["Add", "Sub", "Multiply", "Maximum", "Minimum", "SquaredDifference"].map((name) => binary(name, NUMBERS)),
  ...["RealDiv", "Pow"].map((name) => binary(name, ["float32"])),
  ...["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"].map((name) => binary(name, NUMBERS, true)),
  ...["LogicalAnd", "LogicalOr"].map((name) => binary(name, ["bool"], true)),
  select,
  cast,
  fill,
  like("ZerosLike", 0),
  like("OnesLike", 1),
];
