import * as tf from "@tensorflow/tfjs-core";
import { compose } from "../composition.js";
import { isNumeric, type KernelCall, type NativeKernel } from "../kernel.js";

const { getReshaped, getPermuted, getReshapedPermuted, getSliceBeginCoords, getSliceSize } = tf.backend_util;

const accepts = ({ inputs }: KernelCall): boolean => isNumeric(inputs.x!.dtype);

/** Blocks of pixels become images of a larger batch: what dilated pooling is made of. */
const spaceToBatchND: NativeKernel = {
  name: "SpaceToBatchND",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const { blockShape, paddings } = attrs as unknown as tf.SpaceToBatchNDAttrs;
    const x = inputs.x!;
    const block = tf.util.sizeFromShape(blockShape);
    const rest = x.shape.slice(1 + blockShape.length).map(() => [0, 0]);
    return compose(backend, (run) => {
      const padded = run("PadV2", { x }, { paddings: [[0, 0], ...paddings, ...rest], constantValue: 0 });
      const shape = getReshaped(padded.shape, blockShape, block, false);
      const perm = getPermuted(shape.length, blockShape.length, false);
      const moved = run("Transpose", { x: run("Reshape", { x: padded }, { shape }) }, { perm });
      return run("Reshape", { x: moved }, { shape: getReshapedPermuted(padded.shape, blockShape, block, false) });
    });
  },
};

/** The reverse of SpaceToBatchND. */
const batchToSpaceND: NativeKernel = {
  name: "BatchToSpaceND",
  accepts,
  run: ({ inputs, attrs, backend }) => {
    const { blockShape, crops } = attrs as unknown as tf.BatchToSpaceNDAttrs;
    const x = inputs.x!;
    const block = tf.util.sizeFromShape(blockShape);
    const shape = getReshaped(x.shape, blockShape, block);
    const perm = getPermuted(shape.length, blockShape.length);
    const whole = getReshapedPermuted(x.shape, blockShape, block);
    return compose(backend, (run) => {
      const moved = run("Transpose", { x: run("Reshape", { x }, { shape }) }, { perm });
      const begin = getSliceBeginCoords(crops, blockShape.length);
      const size = getSliceSize(whole, crops, blockShape.length);
      return run("Slice", { x: run("Reshape", { x: moved }, { shape: whole }) }, { begin, size });
    });
  },
};

export const spaceAndBatch: readonly NativeKernel[] = [spaceToBatchND, batchToSpaceND];
