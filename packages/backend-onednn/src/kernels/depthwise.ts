import * as tf from "@tensorflow/tfjs-core";
import { applyActivation } from "../activation.js";
import { compose } from "../composition.js";
import { allFloat32, type KernelCall, type NativeKernel } from "../kernel.js";

type Shape4 = [number, number, number, number];
type Conv2DInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

function depthwiseInfo(attrs: KernelCall["attrs"], inShape: number[], filterShape: number[]): Conv2DInfo {
  const { strides, pad, dilations, dimRoundingMode } = attrs as unknown as tf.DepthwiseConv2dNativeAttrs;
  return tf.backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations ?? 1,
    pad as "same",
    dimRoundingMode,
    true,
  );
}

/** The sizes in the order of the addon's `ConvShape`. */
function depthwiseSizes(info: Conv2DInfo): number[] {
  return [
    ...[info.batchSize, info.inHeight, info.inWidth, info.inChannels],
    ...[info.filterHeight, info.filterWidth, info.outChannels, info.outHeight, info.outWidth],
    ...[info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth],
    ...[info.padInfo.top, info.padInfo.left],
  ];
}

const accepts = (call: KernelCall): boolean => call.attrs.dataFormat !== "NCHW" && allFloat32(call);

const flops = (info: Conv2DInfo): number =>
  2 * tf.util.sizeFromShape(info.outShape) * info.filterHeight * info.filterWidth;

const forwardInfo = ({ inputs, attrs }: KernelCall): Conv2DInfo =>
  depthwiseInfo(attrs, inputs.x!.shape, inputs.filter!.shape);

const backpropInputInfo = ({ inputs, attrs }: KernelCall): Conv2DInfo =>
  depthwiseInfo(attrs, attrs.inputShape as number[], inputs.filter!.shape);

const backpropFilterInfo = ({ inputs, attrs }: KernelCall): Conv2DInfo =>
  depthwiseInfo(attrs, inputs.x!.shape, attrs.filterShape as number[]);

const depthwiseConv2dNative: NativeKernel = {
  name: "DepthwiseConv2dNative",
  accepts,
  flops: (call) => flops(forwardInfo(call)),
  run: (call) => {
    const { inputs, backend } = call;
    const info = forwardInfo(call);
    const args = [backend.handle(inputs.x!), backend.handle(inputs.filter!), depthwiseSizes(info)];
    return backend.compute("DepthwiseConv2D", args, info.outShape);
  },
};

/** The adjoint of the forward pass also where it is dilated, which tfjs's cpu backend leaves out. */
const backpropInput: NativeKernel = {
  name: "DepthwiseConv2dNativeBackpropInput",
  accepts,
  flops: (call) => flops(backpropInputInfo(call)),
  run: (call) => {
    const { inputs, backend } = call;
    const info = backpropInputInfo(call);
    const args = [backend.handle(inputs.dy!), backend.handle(inputs.filter!), depthwiseSizes(info)];
    return backend.compute("DepthwiseBackpropInput", args, info.inShape);
  },
};

const backpropFilter: NativeKernel = {
  name: "DepthwiseConv2dNativeBackpropFilter",
  accepts,
  flops: (call) => flops(backpropFilterInfo(call)),
  run: (call) => {
    const { inputs, backend } = call;
    const info = backpropFilterInfo(call);
    const args = [backend.handle(inputs.x!), backend.handle(inputs.dy!), depthwiseSizes(info)];
    return backend.compute("DepthwiseBackpropFilter", args, info.filterShape);
  },
};

const fusedDepthwiseConv2D: NativeKernel = {
  name: "FusedDepthwiseConv2D",
  accepts,
  flops: (call) => flops(forwardInfo(call)),
  run: (call) => {
    const { inputs, attrs, backend } = call;
    const { x, filter, bias } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo };
    const y = compose(backend, (run) => {
      const product = run("DepthwiseConv2dNative", { x, filter }, attrs);
      return bias ? run("Add", { a: product, b: bias }) : product;
    });
    return applyActivation(call, y);
  },
};

export const depthwise: readonly NativeKernel[] = [
  depthwiseConv2dNative,
  backpropInput,
  backpropFilter,
  fusedDepthwiseConv2D,
];
