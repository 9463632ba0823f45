import * as tf from "@tensorflow/tfjs-core";
import { allFloat32, type NativeKernel } from "../kernel.js";

/** tfjs-core's batch norm with given statistics: one value per channel, or one per element. */
export const fusedBatchNorm: NativeKernel = {
  name: "FusedBatchNorm",
  accepts: (call) => {
    const { x, mean, variance, offset, scale } = call.inputs;
    const size = tf.util.sizeFromShape(mean!.shape);
    const fits = [variance, offset, scale].every(
      (p) => !p || (p.shape.length === mean!.shape.length && tf.util.sizeFromShape(p.shape) === size),
    );
    const perChannel = size === (x!.shape.at(-1) ?? 1);
    return allFloat32(call) && fits && (perChannel || size === tf.util.sizeFromShape(x!.shape));
  },
  run: ({ inputs, attrs, backend }) => {
    const { x, mean, variance } = inputs as Record<"x" | "mean" | "variance", tf.TensorInfo>;
    const width = tf.util.sizeFromShape(mean.shape);
    const rows = width === 0 ? 0 : tf.util.sizeFromShape(x.shape) / width;
    const temporary: tf.TensorInfo[] = [];
    const orConstant = (info: tf.TensorInfo | undefined, value: number): number => {
      if (info) return backend.handle(info);
      const filled = backend.compute("Fill", [width, value, "float32"], [width]);
      temporary.push(filled);
      return backend.handle(filled);
    };
    const affine = [orConstant(inputs.scale, 1), orConstant(inputs.offset, 0)];
    const settings = [null, [rows, width], (attrs.varianceEpsilon as number | undefined) ?? 0.001, false];
    const args = [backend.handle(x), ...affine, ...settings, backend.handle(mean), backend.handle(variance)];
    const y = backend.compute("SimclrBatchNormInference", args, x.shape);
    for (const info of temporary) backend.disposeIntermediateTensorInfo(info);
    return y;
  },
};
