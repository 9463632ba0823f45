import { checkPositive } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Optimizer } from "./optimizer.js";

/** Keeps the ratio finite where all gradients are 0, as PyTorch does. */
const EPSILON = 1e-6;

type Gradients = Readonly<Record<string, tf.Tensor | null>>;

/**
 * Scales gradients so that the Euclidean norm of all of them together is at most `maxNorm`; those below it stay as they
 * are. Nothing is read back from the device.
 *
 * @param gradients - Float32 tensors by weight name; `null` stays `null`. Borrowed.
 * @param maxNorm - > 0.
 * @returns New tensors; the caller disposes them.
 * @throws InvalidArgumentError if `maxNorm` is out of range.
 * @see Pascanu et al. 2012, arXiv:1211.5063; the form of `torch.nn.utils.clip_grad_norm_`
 */
export function clipByGlobalNorm(gradients: Gradients, maxNorm: number): Record<string, tf.Tensor | null> {
  checkPositive("clipByGlobalNorm", { maxNorm });
  const names = Object.keys(gradients).filter((name) => gradients[name] !== null);
  if (names.length === 0) return { ...gradients };
  const scaled = tf.tidy(() => {
    const squares = tf.stack(names.map((name) => tf.sum(tf.square(gradients[name]!)))); // [weights]
    const norm = tf.sqrt(tf.sum(squares)); // []
    const scale = tf.minimum(1, tf.div(maxNorm, tf.add(norm, EPSILON))); // []
    return Object.fromEntries(names.map((name): [string, tf.Tensor] => [name, tf.mul(gradients[name]!, scale)]));
  });
  return { ...gradients, ...scaled };
}

/**
 * An optimizer that clips the gradients by their global norm before each step; it owns `optimizer`, keeps its name and its
 * slots, and goes on from checkpoints of either.
 *
 * @param maxNorm - > 0.
 * @throws InvalidArgumentError if `maxNorm` is out of range.
 */
export function clipped(optimizer: Optimizer, { maxNorm }: { readonly maxNorm: number }): Optimizer {
  checkPositive("clipped", { maxNorm });
  return {
    ...optimizer,
    apply(weights, gradients, learningRate) {
      const scaled = clipByGlobalNorm(gradients, maxNorm);
      try {
        optimizer.apply(weights, scaled, learningRate);
      } finally {
        for (const gradient of Object.values(scaled)) gradient?.dispose();
      }
    },
  };
}
