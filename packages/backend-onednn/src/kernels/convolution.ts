import * as tf from "@tensorflow/tfjs-core";
import { applyActivation, hasVectorBias, optionalHandle } from "../activation.js";
import { compose } from "../composition.js";
import { allFloat32, type KernelCall, type NativeKernel } from "../kernel.js";
import { getPrecision } from "../precision.js";

type Conv2DInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

interface ConvAttrs {
  readonly strides: [number, number] | number;
  readonly pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly inputShape?: [number, number, number, number];
  readonly filterShape?: [number, number, number, number];
}

function convInfo(attrs: KernelCall["attrs"], inShape: number[], filterShape: number[]): Conv2DInfo {
  const { strides, pad, dilations = 1, dimRoundingMode } = attrs as unknown as ConvAttrs;
  return tf.backend_util.computeConv2DInfo(
    inShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
}

/** The sizes in the order of the addon's `ConvShape`. */
function convSizes(info: Conv2DInfo): number[] {
  return [
    ...[info.batchSize, info.inHeight, info.inWidth, info.inChannels],
    ...[info.filterHeight, info.filterWidth, info.outChannels, info.outHeight, info.outWidth],
    ...[info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth],
    ...[info.padInfo.top, info.padInfo.left],
  ];
}

const useBfloat16 = (): boolean => getPrecision() === "bfloat16";

const isNhwcFloat32 = (call: KernelCall): boolean => call.attrs.dataFormat !== "NCHW" && allFloat32(call);

const forwardInfo = ({ inputs, attrs }: KernelCall): Conv2DInfo =>
  convInfo(attrs, inputs.x!.shape, inputs.filter!.shape);

const backpropInputInfo = ({ inputs, attrs }: KernelCall): Conv2DInfo =>
  convInfo(attrs, attrs.inputShape as number[], inputs.filter!.shape);

const backpropFilterInfo = ({ inputs, attrs }: KernelCall): Conv2DInfo =>
  convInfo(attrs, inputs.x!.shape, attrs.filterShape as number[]);

/** Of direct summation: every output is a sum over the filter's window and the input channels, padding included. */
function flops(info: Conv2DInfo): number {
  return 2 * tf.util.sizeFromShape(info.outShape) * info.filterHeight * info.filterWidth * info.inChannels;
}

export const conv2d: NativeKernel = {
  name: "Conv2D",
  accepts: isNhwcFloat32,
  flops: (call) => flops(forwardInfo(call)),
  run: (call) => {
    const { inputs, backend } = call;
    const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo };
    const info = forwardInfo(call);
    const args = [backend.handle(x), backend.handle(filter), null, convSizes(info), useBfloat16()];
    return backend.compute("Conv2D", args, info.outShape);
  },
};

export const conv2dBackpropInput: NativeKernel = {
  name: "Conv2DBackpropInput",
  // tfjs lets dy be larger than what the convolution gives; only cpu's loops have a meaning for that.
  accepts: (call) =>
    isNhwcFloat32(call) && tf.util.arraysEqual(backpropInputInfo(call).outShape, call.inputs.dy!.shape),
  flops: (call) => flops(backpropInputInfo(call)),
  run: (call) => {
    const { inputs, backend } = call;
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const info = backpropInputInfo(call);
    const args = [backend.handle(dy), backend.handle(filter), convSizes(info), useBfloat16()];
    return backend.compute("Conv2DBackpropInput", args, info.inShape);
  },
};

export const conv2dBackpropFilter: NativeKernel = {
  name: "Conv2DBackpropFilter",
  accepts: isNhwcFloat32,
  flops: (call) => flops(backpropFilterInfo(call)),
  run: (call) => {
    const { inputs, backend } = call;
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const info = backpropFilterInfo(call);
    const args = [backend.handle(x), backend.handle(dy), convSizes(info), useBfloat16()];
    return backend.compute("Conv2DBackpropFilter", args, info.filterShape);
  },
};

export const fusedConv2d: NativeKernel = {
  name: "FusedConv2D",
  accepts: isNhwcFloat32,
  flops: (call) => flops(forwardInfo(call)),
  run: (call) => {
    const { inputs, attrs, backend } = call;
    const { x, filter, bias } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo };
    const info = forwardInfo(call);
    if (bias && !hasVectorBias(bias, info.outChannels)) {
      const sum = compose(backend, (run) => run("Add", { a: run("Conv2D", { x, filter }, attrs), b: bias }));
      return applyActivation(call, sum);
    }
    const operands = [backend.handle(x), backend.handle(filter), optionalHandle(backend, bias)];
    const y = backend.compute("Conv2D", [...operands, convSizes(info), useBfloat16()], info.outShape);
    return applyActivation(call, y);
  },
};
