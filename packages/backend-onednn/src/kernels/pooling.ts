import * as tf from "@tensorflow/tfjs-core";
import { allFloat32, type KernelCall, type NativeKernel } from "../kernel.js";

type Shape4 = [number, number, number, number];

interface PoolAttrs {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: Parameters<typeof tf.backend_util.computePool2DInfo>[4];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

interface Pool {
  readonly outShape: number[];
  /** In the order of the addon's `PoolShape`. */
  readonly sizes: number[];
  /** Windows of one cell that keep the shape: tfjs calls this the identity, whatever strides and padding say. */
  readonly isIdentity: boolean;
}

function poolSizes(attrs: KernelCall["attrs"], inShape: number[]): Pool {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttrs;
  const info = tf.backend_util.computePool2DInfo(inShape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
  const sizes = [
    ...[info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
    ...[info.dilationHeight, info.dilationWidth, info.padInfo.top, info.padInfo.left],
  ];
  const oneCell = info.filterHeight === 1 && info.filterWidth === 1;
  return { outShape: info.outShape, sizes, isIdentity: oneCell && tf.util.arraysEqual(info.inShape, info.outShape) };
}

function forward(name: "MaxPool" | "AvgPool"): NativeKernel {
  return {
    name,
    accepts: allFloat32,
    run: ({ inputs, attrs, backend }) => {
      const x = inputs.x!;
      const { outShape, sizes, isIdentity } = poolSizes(attrs, x.shape);
      if (isIdentity) return backend.alias(x);
      return backend.compute(name, [backend.handle(x), sizes], outShape);
    },
  };
}

export const maxPool = forward("MaxPool");
export const avgPool = forward("AvgPool");

export const maxPoolGrad: NativeKernel = {
  name: "MaxPoolGrad",
  accepts: allFloat32,
  run: ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const { sizes } = poolSizes(attrs, input.shape);
    return backend.compute("MaxPoolGrad", [backend.handle(dy), backend.handle(input), sizes], input.shape);
  },
};

export const avgPoolGrad: NativeKernel = {
  name: "AvgPoolGrad",
  accepts: allFloat32,
  run: ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const { sizes } = poolSizes(attrs, input.shape);
    return backend.compute("AvgPoolGrad", [backend.handle(dy), sizes], input.shape);
  },
};
