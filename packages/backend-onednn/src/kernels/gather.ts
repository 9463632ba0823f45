import * as tf from "@tensorflow/tfjs-core";
import { isNumeric, type NativeKernel } from "../kernel.js";

const gatherV2: NativeKernel = {
  name: "GatherV2",
  accepts: ({ inputs }) => isNumeric(inputs.x!.dtype) && inputs.indices!.dtype === "int32",
  run: ({ inputs, attrs, backend }) => {
    const { x, indices } = inputs as { x: tf.Tensor; indices: tf.Tensor };
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!;
    const batchDims = (attrs.batchDims as number | undefined) ?? 0;
    const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, batchDims);
    const perBatch = info.batchSize === 0 ? 0 : tf.util.sizeFromShape(indices.shape) / info.batchSize;
    const sizes = [info.batchSize, info.outerSize, info.dimSize, perBatch, info.sliceSize];
    return backend.compute("GatherV2", [backend.handle(x), backend.handle(indices), sizes], info.outputShape, x.dtype);
  },
};

const oneHot: NativeKernel = {
  name: "OneHot",
  accepts: ({ inputs, attrs }) => inputs.indices!.dtype === "int32" && isNumeric(attrs.dtype as tf.DataType),
  run: ({ inputs, attrs, backend }) => {
    const indices = inputs.indices!;
    const { dtype, depth, onValue, offValue } = attrs as unknown as tf.OneHotAttrs;
    const args = [backend.handle(indices), tf.util.sizeFromShape(indices.shape), depth, onValue, offValue, dtype];
    return backend.compute("OneHot", args, [...indices.shape, depth], dtype);
  },
};

const unsortedSegmentSum: NativeKernel = {
  name: "UnsortedSegmentSum",
  accepts: ({ inputs: { x, segmentIds }, attrs }) =>
    x!.dtype === "float32" &&
    segmentIds!.dtype === "int32" &&
    segmentIds!.shape.length === 1 &&
    segmentIds!.shape[0] === x!.shape[0] &&
    (attrs.numSegments as number) > 0,
  run: ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
    const segments = attrs.numSegments as number;
    const [rows = 1, ...slice] = x.shape;
    const sizes = [rows, tf.util.sizeFromShape(slice), segments];
    const args = [backend.handle(x), backend.handle(segmentIds), sizes];
    return backend.compute("UnsortedSegmentSum", args, [segments, ...slice]);
  },
};

/** Kernels that read or add up slices by index. */
export const gathers: readonly NativeKernel[] = [gatherV2, oneHot, unsortedSegmentSum];
