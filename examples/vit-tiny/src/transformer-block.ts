import type { Weight } from "@simclr/core";
import type { MakeWeight } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";
import { type Dense, dense, gelu, type LayerNorm, layerNorm, makeDense, makeLayerNorm } from "./layers.js";

/** Attention and a perceptron of two layers, each behind a layer norm and beside a shortcut. */
export interface TransformerBlock {
  readonly heads: number;
  readonly norm1: LayerNorm;
  /** Queries, keys and values of all heads. */
  readonly qkv: Dense;
  readonly output: Dense;
  readonly norm2: LayerNorm;
  readonly hidden: Dense;
  readonly last: Dense;
}

export function makeBlock(
  make: MakeWeight<Weight>,
  name: string,
  { dimension, heads, mlpRatio }: { dimension: number; heads: number; mlpRatio: number },
): TransformerBlock {
  return {
    heads,
    norm1: makeLayerNorm(make, `${name}/norm1`, dimension),
    qkv: makeDense(make, `${name}/attention/qkv`, dimension, 3 * dimension),
    output: makeDense(make, `${name}/attention/output`, dimension, dimension),
    norm2: makeLayerNorm(make, `${name}/norm2`, dimension),
    hidden: makeDense(make, `${name}/mlp/hidden`, dimension, mlpRatio * dimension),
    last: makeDense(make, `${name}/mlp/last`, mlpRatio * dimension, dimension),
  };
}

/** @param x - float32 `[N, T, D]`. @returns float32 `[N, T, D]`. */
export function runBlock(block: TransformerBlock, x: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const attended = tf.add(x, attention(block, layerNorm(block.norm1, x))) as tf.Tensor3D;
    const hidden = gelu(dense(block.hidden, layerNorm(block.norm2, attended))); // [N, T, 4D]
    return tf.add(attended, dense(block.last, hidden)) as tf.Tensor3D;
  });
}

/** @see Vaswani et al. 2017, arXiv:1706.03762, section 3.2 */
function attention({ heads, qkv, output }: TransformerBlock, x: tf.Tensor3D): tf.Tensor3D {
  const [rows, tokens, dimension] = x.shape;
  const size = dimension / heads;
  const [q, k, v] = tf
    .split(dense(qkv, x), 3, -1)
    .map((part) => tf.transpose(tf.reshape(part, [rows, tokens, heads, size]), [0, 2, 1, 3])) as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
  ]; // [N, heads, T, size] each
  const weights = tf.softmax(tf.div(tf.matMul(q, k, false, true), Math.sqrt(size))); // [N, heads, T, T]
  const mixed = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]); // [N, T, heads, size]
  return dense(output, tf.reshape(mixed, [rows, tokens, dimension]));
}
