import * as tf from "@tensorflow/tfjs-core";

interface ReductionAttributes {
  readonly axis?: number | number[];
}

/**
 * The gradient of a reduction whose terms count alike. tfjs-core's own fills an array as large as `x` with ones, in JavaScript, at
 * each call.
 */
function reductionGradient(kernelName: string, weightOf: (terms: number) => number): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attributes) => {
      const x = saved[0]!;
      const axes = tf.util.parseAxisParam((attributes as ReductionAttributes).axis!, x.shape);
      const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const terms = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
      const each = () => tf.mul(tf.reshape(dy as tf.Tensor, kept), weightOf(terms)); // `kept`
      return { x: () => tf.mul(each(), tf.fill(x.shape, 1)) };
    },
  };
}

/** Gradients of the kernels `Mean` and `Sum`, for `tf.registerGradient`. */
export const reductionGradConfigs: readonly tf.GradConfig[] = [
  reductionGradient("Mean", (terms) => 1 / terms),
  reductionGradient("Sum", () => 1),
];
