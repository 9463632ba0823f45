import type { Weight } from "@simclr/core";
import type { MakeWeight } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";

/** Added to the variance of a layer norm. */
const EPSILON = 1e-6;
/** Standard deviation of the first values of kernels and positions. */
export const DEVIATION = 0.02;

export interface Dense {
  readonly kernel: Weight;
  readonly bias: Weight;
}

export function makeDense(make: MakeWeight<Weight>, name: string, inputs: number, outputs: number): Dense {
  return {
    kernel: make(
      { name: `${name}/kernel`, role: "kernel", shape: [inputs, outputs] },
      { kind: "normal", deviation: DEVIATION },
    ),
    bias: make({ name: `${name}/bias`, role: "bias", shape: [outputs] }, { kind: "constant", value: 0 }),
  };
}

/** @param x - float32 `[N, T, inputs]`. @returns float32 `[N, T, outputs]`. */
export function dense({ kernel, bias }: Dense, x: tf.Tensor3D): tf.Tensor3D {
  const [rows, tokens, inputs] = x.shape;
  const flat = tf.matMul(tf.reshape(x, [rows * tokens, inputs]), kernel.variable as tf.Tensor as tf.Tensor2D);
  return tf.reshape(tf.add(flat, bias.variable), [rows, tokens, -1]);
}

export interface LayerNorm {
  readonly gamma: Weight;
  readonly beta: Weight;
}

export function makeLayerNorm(make: MakeWeight<Weight>, name: string, length: number): LayerNorm {
  return {
    gamma: make({ name: `${name}/gamma`, role: "gamma", shape: [length] }, { kind: "constant", value: 1 }),
    beta: make({ name: `${name}/beta`, role: "beta", shape: [length] }, { kind: "constant", value: 0 }),
  };
}

/** Every token by itself. @param x - float32 `[N, T, D]`. */
export function layerNorm({ gamma, beta }: LayerNorm, x: tf.Tensor3D): tf.Tensor3D {
  const { mean, variance } = tf.moments(x, -1, true); // [N, T, 1]
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  return tf.add(tf.mul(normal, gamma.variable), beta.variable);
}

/** x Φ(x). @see Hendrycks and Gimpel 2016, arXiv:1606.08415 */
export function gelu<T extends tf.Tensor>(x: T): T {
  return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))) as T;
}
