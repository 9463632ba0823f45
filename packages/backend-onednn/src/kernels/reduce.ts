import * as tf from "@tensorflow/tfjs-core";
import type { OnednnBackend } from "../backend.js";
import { allFloat32, type KernelCall, type NativeKernel } from "../kernel.js";

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

const mean: NativeKernel = {
  name: "Mean",
  accepts: allFloat32,
  run: (call) => {
    const { backend } = call;
    const reduction = planOf(call);
    return runPasses(call.inputs.x!, reduction, backend, (x, sizes, shape, isLast) =>
      backend.compute("Sum", [backend.handle(x), [...sizes], isLast ? 1 / reduction.reduced : 1], shape),
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
  fold("Max", "float32"),
  fold("Min", "float32"),
  fold("All", "bool"),
  fold("Any", "bool"),
  arg("ArgMax"),
  arg("ArgMin"),
  softmax,
];
