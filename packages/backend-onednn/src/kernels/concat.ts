import * as tf from "@tensorflow/tfjs-core";
import type { OnednnBackend } from "../backend.js";
import { isNumeric, type KernelCall, type NativeKernel } from "../kernel.js";

function sameNumericDtype({ inputs }: KernelCall): boolean {
  const [first, ...others] = Object.values(inputs);
  return first !== undefined && isNumeric(first.dtype) && others.every(({ dtype }) => dtype === first.dtype);
}

/** Joins tensors that are [rows, width] each; those without elements add nothing. */
function join(backend: OnednnBackend, inputs: readonly tf.TensorInfo[], rows: number, shape: number[]): tf.TensorInfo {
  const full = inputs.filter((x) => tf.util.sizeFromShape(x.shape) > 0);
  if (full.length === 1) return backend.alias(full[0]!, shape);
  if (full.length === 0) return backend.makeTensorInfo(shape, inputs[0]!.dtype);
  const widths = full.map((x) => tf.util.sizeFromShape(x.shape) / rows);
  const handles = full.map((x) => backend.handle(x));
  return backend.compute("Concat", [handles, widths, rows], shape, inputs[0]!.dtype);
}

const concat: NativeKernel = {
  name: "Concat",
  accepts: sameNumericDtype,
  run: ({ inputs, attrs, backend }) => {
    const tensors = Object.values(inputs);
    const shapes = tensors.map(({ shape }) => shape);
    const axis = tf.util.parseAxisParam(attrs.axis as number, shapes[0]!)[0]!;
    tf.backend_util.assertParamsConsistent(shapes, axis);
    const rows = tf.util.sizeFromShape(shapes[0]!.slice(0, axis));
    return join(backend, tensors, rows, tf.backend_util.computeOutShape(shapes, axis));
  },
};

const pack: NativeKernel = {
  name: "Pack",
  accepts: sameNumericDtype,
  run: ({ inputs, attrs, backend }) => {
    const tensors = Object.values(inputs);
    const { shape } = tensors[0]!;
    const rank = shape.length + 1;
    const axis = (attrs.axis as number) < 0 ? (attrs.axis as number) + rank : (attrs.axis as number);
    for (const x of tensors) {
      tf.util.assertShapesMatch(shape, x.shape, "All tensors passed to stack must have matching shapes");
    }
    const outShape = [...shape.slice(0, axis), tensors.length, ...shape.slice(axis)];
    return join(backend, tensors, tf.util.sizeFromShape(shape.slice(0, axis)), outShape);
  },
};

export const joins: readonly NativeKernel[] = [concat, pack];
