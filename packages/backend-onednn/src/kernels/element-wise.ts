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
  ...["Elu", "Selu", "Softplus", "Erf", "Sin", "Cos"],
];

/** Questions about each value of a tensor of dtype `dtype`; the answers are bools. */
function predicate(name: string, dtype: tf.DataType): NativeKernel {
  return {
    name,
    accepts: ({ inputs }) => inputs.x!.dtype === dtype,
    run: ({ inputs, backend }) => {
      const x = inputs.x!;
      return backend.compute(name, [backend.handle(x), tf.util.sizeFromShape(x.shape)], x.shape, "bool");
    },
  };
}

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

interface BinaryOptions {
  /** Whether the result is bool. */
  readonly compares?: boolean;
  /** What the kernel calls its operands. */
  readonly operands?: readonly [string, string];
}

/** Functions of two operands of one dtype among `dtypes`. */
function binary(name: string, dtypes: readonly tf.DataType[], options: BinaryOptions = {}): NativeKernel {
  const { compares = false, operands = ["a", "b"] } = options;
  const both = (inputs: KernelCall["inputs"]) => [inputs[operands[0]]!, inputs[operands[1]]!] as const;
  return {
    name,
    accepts: ({ inputs }) => {
      const [a, b] = both(inputs);
      return a.dtype === b.dtype && dtypes.includes(a.dtype) && Math.max(a.shape.length, b.shape.length) <= MAX_RANK;
    },
    run: ({ inputs, backend }) => {
      const [a, b] = both(inputs);
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

/** Evenly spaced values, each computed from the first rather than from its neighbour. */
const range: NativeKernel = {
  name: "Range",
  accepts: ({ attrs }) => {
    const { start, stop, step, dtype } = attrs as unknown as tf.RangeAttrs;
    const numbers = [start, stop, step];
    return numbers.every(Number.isFinite) && (dtype === "float32" || (dtype === "int32" && numbers.every(isInt32)));
  },
  run: ({ attrs, backend }) => {
    const { start, stop, step: given, dtype } = attrs as unknown as tf.RangeAttrs;
    const goesAway = (start < stop && given < 0) || (stop < start && given > 1);
    const step = stop < start && given === 1 ? -1 : given; // as tfjs counts down without being told
    const count = start === stop || goesAway ? 0 : Math.abs(Math.ceil((stop - start) / step));
    return backend.compute("Range", [start, step, count, dtype === "int32"], [count], dtype);
  },
};

const isInt32 = (value: number): boolean => (value | 0) === value;

const linSpace: NativeKernel = {
  name: "LinSpace",
  run: ({ attrs, backend }) => {
    const { start, stop, num } = attrs as unknown as tf.LinSpaceAttrs;
    const step = num > 1 ? (stop - start) / (num - 1) : 0;
    return backend.compute("Range", [start, step, num, false], [num]);
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
  ...["RealDiv", "Pow", "Atan2"].map((name) => binary(name, ["float32"])),
  ...["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"].map((name) =>
    binary(name, NUMBERS, { compares: true }),
  ),
  ...["LogicalAnd", "LogicalOr"].map((name) => binary(name, ["bool"], { compares: true })),
  binary("Mod", NUMBERS),
  binary("FloorDiv", ["int32"]),
  binary("Prelu", ["float32"], { operands: ["x", "alpha"] }),
  binary("EluGrad", ["float32"], { operands: ["dy", "y"] }),
  ...["IsNan", "IsInf", "IsFinite"].map((name) => predicate(name, "float32")),
  predicate("LogicalNot", "bool"),
  select,
  cast,
  fill,
  range,
  linSpace,
  like("ZerosLike", 0),
  like("OnesLike", 1),
];
