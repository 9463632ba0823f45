import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { conv2DFilterGradient, conv2DForward, conv2DInputGradient } from "./conv2d.js";
import { type KernelCall, replaceKernel } from "./replace-kernel.js";

type Shape4D = [number, number, number, number];

interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dilations?: number | [number, number];
  readonly filterShape: Shape4D;
  readonly inputShape: Shape4D;
}

function convolutionInfo(attrs: Attributes, inputShape: Shape4D, filterShape: Shape4D) {
  const { strides, dilations = 1, pad, dimRoundingMode } = attrs;
  return tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations, pad, dimRoundingMode);
}

function isOurs({ dataFormat, dilations = 1 }: Attributes): boolean {
  return dataFormat !== "NCHW" && [dilations].flat().every((dilation) => dilation === 1);
}

/** Takes over convolutions and their gradients; dilated ones and those in NCHW stay with tfjs. */
export function replaceConvolutions(): void {
  const replace = (
    name: string,
    compute: (
      backend: WebGPUBackend,
      inputs: Record<string, tf.TensorInfo>,
      attrs: Attributes,
    ) => tf.TensorInfo | undefined,
  ) =>
    replaceKernel(name, (stock) => (call: KernelCall) => {
      const attrs = call.attrs as unknown as Attributes;
      if (!isOurs(attrs)) return stock(call);
      return compute(call.backend as WebGPUBackend, call.inputs as Record<string, tf.TensorInfo>, attrs) ?? stock(call);
    });
  replace("Conv2D", (backend, { x, filter }, attrs) =>
    conv2DForward(backend, x!, filter!, convolutionInfo(attrs, x!.shape as Shape4D, filter!.shape as Shape4D)),
  );
  replace("Conv2DBackpropFilter", (backend, { x, dy }, attrs) =>
    conv2DFilterGradient(backend, x!, dy!, convolutionInfo(attrs, x!.shape as Shape4D, attrs.filterShape)),
  );
  replace("Conv2DBackpropInput", (backend, { dy, filter }, attrs) => {
    const info = convolutionInfo(attrs, attrs.inputShape, filter!.shape as Shape4D);
    // `conv2dTranspose` takes images larger than what the convolution gives, and leaves out what is beyond.
    const fits = tf.util.arraysEqual(dy!.shape, info.outShape);
    return fits ? conv2DInputGradient(backend, dy!, filter!, info) : undefined;
  });
}
