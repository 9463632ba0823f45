import * as tf from "@tensorflow/tfjs-core";
import type { NativeKernel } from "../kernel.js";

/** The same data id with one more reference; no copy. */
export const identity: NativeKernel = {
  name: "Identity",
  run: ({ inputs, backend }) => backend.alias(inputs.x!),
};

/** The same data id under another shape; no copy. */
export const reshape: NativeKernel = {
  name: "Reshape",
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const size = tf.util.sizeFromShape(x.shape);
    const shape = tf.util.inferFromImplicitShape(attrs.shape as number[], size);
    const newSize = tf.util.sizeFromShape(shape);
    tf.util.assert(
      size === newSize,
      () =>
        `The new shape (${shape}) has ${newSize} elements and the old shape (${x.shape}) has ${size} elements. ` +
        `The new shape and old shape must have the same number of elements.`,
    );
    return backend.alias(x, shape);
  },
};

/** The same data id with a dimension of size 1 more; no copy. */
export const expandDims: NativeKernel = {
  name: "ExpandDims",
  run: ({ inputs, attrs, backend }) => {
    const input = inputs.input!;
    const dim = attrs.dim as number;
    const rank = input.shape.length;
    tf.util.assert(-(rank + 1) <= dim, () => `Axis must be in the interval [${-(rank + 1)}, ${rank}]`);
    const shape = [...input.shape];
    shape.splice(dim < 0 ? rank + dim + 1 : dim, 0, 1);
    return backend.alias(input, shape);
  },
};

/** A complex tensor keeps copies of its two parts on the addon's side. */
export const complex: NativeKernel = {
  name: "Complex",
  run: ({ inputs, backend }) => {
    const { real, imag } = inputs as { real: tf.TensorInfo; imag: tf.TensorInfo };
    return backend.makeComplex(backend.readSync(real.dataId), backend.readSync(imag.dataId), real.shape);
  },
};
