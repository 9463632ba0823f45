import * as tf from "@tensorflow/tfjs-core";
import type { OnednnBackend } from "../backend.js";
import { isNumeric, type KernelCall, type NativeKernel } from "../kernel.js";

/** A reduction over neighbouring dimensions of a tensor seen as [outer, size, inner]. */
type Sizes = readonly [outer: number, size: number, inner: number];

interface Plan {
  /** One pass for each group of neighbouring axes, from the last to the first. */
  readonly passes: readonly Sizes[];
  readonly outShape: number[];
  /** Number of values that one result is made of. */
  readonly reduced: number;
}

function plan(shape: readonly number[], axis: number | number[] | undefined, keepDims = false): Plan {
  const axes = new Set(tf.util.parseAxisParam(axis as number | number[], shape as number[]));
  const passes: Sizes[] = [];
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
  let inner = 1;
  for (let d = shape.length - 1; d >= 0; ) {
    const end = d + 1;
    const reduces = axes.has(d);
    while (d >= 0 && axes.has(d) === reduces) d--;
    const size = product(shape.slice(d + 1, end));
    if (reduces) passes.push([product(shape.slice(0, d + 1)), size, inner]);
    else inner *= size;
  }
  const outShape = shape.flatMap((size, d) => (axes.has(d) ? (keepDims ? [1] : []) : [size]));
  return { passes, outShape, reduced: product([...axes].map((d) => shape[d]!)) };
}

type Pass = (x: tf.TensorInfo, sizes: Sizes, shape: number[], isLast: boolean) => tf.TensorInfo;

function runPasses(x: tf.TensorInfo, { passes, outShape }: Plan, backend: OnednnBackend, pass: Pass): tf.TensorInfo {
  let current = x;
  for (const [i, sizes] of passes.entries()) {
    const isLast = i === passes.length - 1;
    const next = pass(current, sizes, isLast ? outShape : [sizes[0] * sizes[2]], isLast);
    if (current !== x) backend.disposeIntermediateTensorInfo(current);
    current = next;
  }
  return current === x ? backend.alias(x, outShape) : current;
}

const planOf = ({ inputs, attrs }: KernelCall): Plan =>
  plan(inputs.x!.shape, axisOf(attrs), attrs.keepDims as boolean | undefined);

/** Max calls it `reductionIndices`, the others `axis`. */
const axisOf = ({ axis, reductionIndices }: KernelCall["attrs"]): number | number[] | undefined =>
  (axis ?? reductionIndices) as number | number[] | undefined;

const sum: NativeKernel = {
  name: "Sum",
  accepts: ({ inputs }) => inputs.x!.dtype === "float32" || inputs.x!.dtype === "int32",
  run: (call) => {
    const { backend } = call;
    return runPasses(call.inputs.x!, planOf(call), backend, (x, sizes, shape) =>
      backend.compute("Sum", [backend.handle(x), [...sizes], 1], shape, x.dtype),
    );
  },
};

/** Runs `f` on `x` as a tensor of dtype `dtype`: on itself, or on a copy that lasts as long as `f`. */
function withDtype<T>(backend: OnednnBackend, x: tf.TensorInfo, dtype: tf.DataType, f: (x: tf.TensorInfo) => T): T {
  if (x.dtype === dtype) return f(x);
  const args = [backend.handle(x), tf.util.sizeFromShape(x.shape), dtype];
  const converted = backend.compute("Cast", args, x.shape, dtype);
  try {
    return f(converted);
  } finally {
    backend.disposeIntermediateTensorInfo(converted);
  }
}

/** Of bools, the product of int32 0 and 1. */
const prod: NativeKernel = {
  name: "Prod",
  accepts: ({ inputs }) => isNumeric(inputs.x!.dtype),
  run: (call) => {
    const { backend, inputs } = call;
    const dtype = inputs.x!.dtype === "float32" ? "float32" : "int32";
    return withDtype(backend, inputs.x!, dtype, (operand) =>
      runPasses(operand, planOf(call), backend, (x, sizes, shape) =>
        backend.compute("Prod", [backend.handle(x), [...sizes]], shape, dtype),
      ),
    );
  },
};

function scan(name: "Cumsum" | "Cumprod"): NativeKernel {
  return {
    name,
    accepts: ({ inputs }) => isNumeric(inputs.x!.dtype),
    run: ({ inputs, attrs, backend }) => {
      const { axis, exclusive, reverse } = attrs as unknown as tf.CumsumAttrs;
      const dtype = inputs.x!.dtype === "float32" ? "float32" : "int32";
      return withDtype(backend, inputs.x!, dtype, (x) => {
        const { passes } = plan(x.shape, axis);
        const sizes = passes[0] ?? [1, 1, 1];
        return backend.compute(name, [backend.handle(x), [...sizes], exclusive, reverse], x.shape, dtype);
      });
    },
  };
}

/** NaN counts as larger than any number; of equal values the one with the lower index comes first. */
const topK: NativeKernel = {
  name: "TopK",
  accepts: ({ inputs }) => inputs.x!.dtype === "float32" || inputs.x!.dtype === "int32",
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const k = attrs.k as number;
    const width = x.shape.at(-1) ?? 1;
    const rows = tf.util.sizeFromShape(x.shape.slice(0, -1));
    const shape = [...x.shape.slice(0, -1), k];
    const outputs = [
      { shape, dtype: x.dtype },
      { shape, dtype: "int32" as const },
    ];
    return backend.computeAll("TopK", [backend.handle(x), rows, width, k], outputs);
  },
};

const mean: NativeKernel = {
  name: "Mean",
  accepts: ({ inputs }) => isNumeric(inputs.x!.dtype),
  run: (call) => {
    const { backend } = call;
    const reduction = planOf(call);
    return withDtype(backend, call.inputs.x!, "float32", (operand) =>
      runPasses(operand, reduction, backend, (x, sizes, shape, isLast) =>
        backend.compute("Sum", [backend.handle(x), [...sizes], isLast ? 1 / reduction.reduced : 1], shape),
      ),
    );
  },
};

function fold(name: string, dtype: "float32" | "bool"): NativeKernel {
  return {
    name,
    accepts: ({ inputs }) => inputs.x!.dtype === dtype && tf.util.sizeFromShape(inputs.x!.shape) > 0,
    run: (call) => {
      const { backend } = call;
      return runPasses(call.inputs.x!, planOf(call), backend, (x, sizes, shape) =>
        backend.compute(name, [backend.handle(x), [...sizes]], shape, dtype),
      );
    },
  };
}

function arg(name: "ArgMax" | "ArgMin"): NativeKernel {
  return {
    name,
    accepts: ({ inputs }) => inputs.x!.dtype === "float32" && tf.util.sizeFromShape(inputs.x!.shape) > 0,
    run: ({ inputs, attrs, backend }) => {
      const x = inputs.x!;
      const { passes, outShape } = plan(x.shape, attrs.axis as number);
      return backend.compute(name, [backend.handle(x), [...passes[0]!]], outShape, "int32");
    },
  };
}

const softmax: NativeKernel = {
  name: "Softmax",
  accepts: ({ inputs }) => inputs.logits!.dtype === "float32",
  run: ({ inputs, backend }) => {
    const { shape } = inputs.logits!;
    const width = shape.at(-1) ?? 1;
    const rows = width === 0 ? 0 : tf.util.sizeFromShape(shape) / width;
    return backend.compute("Softmax", [backend.handle(inputs.logits!), rows, width], shape);
  },
};

export const reductions: readonly NativeKernel[] = [
  sum,
  mean,
  prod,
  scan("Cumsum"),
  scan("Cumprod"),
  topK,
  fold("Max", "float32"),
  fold("Min", "float32"),
  fold("All", "bool"),
  fold("Any", "bool"),
  arg("ArgMax"),
  arg("ArgMin"),
  softmax,
];
