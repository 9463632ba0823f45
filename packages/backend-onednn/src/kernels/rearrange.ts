import * as tf from "@tensorflow/tfjs-core";
import type { OnednnBackend } from "../backend.js";
import { isNumeric, type KernelCall, type NativeKernel } from "../kernel.js";

/** A dimension of the result: its size and how many elements of the operand lie between neighbours. */
interface View {
  readonly size: number;
  readonly stride: number;
}

/** The operand's dimensions as they lie in memory. */
function viewOf(shape: readonly number[]): View[] {
  let stride = 1;
  const views: View[] = [];
  for (const size of [...shape].reverse()) {
    views.unshift({ size, stride });
    stride *= size;
  }
  return views;
}

/** A dense copy of what `views` see, from element `first` on. */
function copy(
  backend: OnednnBackend,
  x: tf.TensorInfo,
  first: number,
  views: readonly View[],
  shape: number[],
): tf.TensorInfo {
  const args = [backend.handle(x), first, views.map(({ size }) => size), views.map(({ stride }) => stride)];
  return backend.compute("StridedCopy", args, shape, x.dtype);
}

/** The box of `size` at `begin`; an alias if that is all of `x`. */
function box(
  backend: OnednnBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  shape: number[] = [...size],
): tf.TensorInfo {
  if (size.every((n, d) => n === x.shape[d])) return backend.alias(x, shape);
  const views = viewOf(x.shape);
  const first = views.reduce((sum, { stride }, d) => sum + begin[d]! * stride, 0);
  return copy(
    backend,
    x,
    first,
    views.map(({ stride }, d) => ({ size: size[d]!, stride })),
    shape,
  );
}

function reversed(backend: OnednnBackend, x: tf.TensorInfo, axes: readonly number[]): tf.TensorInfo {
  if (axes.length === 0) return backend.alias(x);
  let first = 0;
  const views = viewOf(x.shape).map(({ size, stride }, d) => {
    if (!axes.includes(d)) return { size, stride };
    first += Math.max(size - 1, 0) * stride;
    return { size, stride: -stride };
  });
  return copy(backend, x, first, views, x.shape);
}

const accepts = ({ inputs }: KernelCall): boolean => isNumeric(Object.values(inputs)[0]!.dtype);

const transpose: NativeKernel = {
  name: "Transpose",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const views = viewOf(x.shape);
    const permuted = (attrs.perm as number[]).map((d) => views[d]!);
    const shape = permuted.map(({ size }) => size);
    return copy(backend, x, 0, permuted, shape);
  },
};

const slice: NativeKernel = {
  name: "Slice",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.Tensor;
    const [begin, size] = tf.slice_util.parseSliceParams(x, attrs.begin as number[], attrs.size as number[]);
    tf.slice_util.assertParamsValid(x, begin!, size!);
    return box(backend, x, begin!, size!);
  },
};

const splitV: NativeKernel = {
  name: "SplitV",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.Tensor;
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!;
    const begin = x.shape.map(() => 0);
    return tf.backend_util.prepareSplitSize(x, attrs.numOrSizeSplits as number[] | number, axis).map((part) => {
      const piece = box(
        backend,
        x,
        begin,
        x.shape.map((size, d) => (d === axis ? part : size)),
      );
      begin[axis]! += part;
      return piece;
    });
  },
};

const unpack: NativeKernel = {
  name: "Unpack",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.value!;
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!;
    const size = x.shape.map((n, d) => (d === axis ? 1 : n));
    const shape = x.shape.filter((_, d) => d !== axis);
    return Array.from({ length: x.shape[axis]! }, (_, i) => {
      const begin = x.shape.map((_, d) => (d === axis ? i : 0));
      return box(backend, x, begin, size, shape);
    });
  },
};

const tile: NativeKernel = {
  name: "Tile",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const reps = attrs.reps as number[];
    const views = viewOf(x.shape).flatMap((view, d) => [{ size: reps[d]!, stride: 0 }, view]);
    const shape = x.shape.map((size, d) => size * reps[d]!);
    return copy(backend, x, 0, views, shape);
  },
};

const reverse: NativeKernel = {
  name: "Reverse",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    return reversed(backend, x, tf.util.parseAxisParam(attrs.dims as number | number[], x.shape));
  },
};

const flipLeftRight: NativeKernel = {
  name: "FlipLeftRight",
  accepts,
  run: ({ inputs, backend }) => reversed(backend, inputs.image!, [2]),
};

/** Kernels that only move values: each is one copy between two layouts. */
export const rearrangements: readonly NativeKernel[] = [transpose, slice, splitV, unpack, tile, reverse, flipLeftRight];
