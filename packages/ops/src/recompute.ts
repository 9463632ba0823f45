import * as tf from "@tensorflow/tfjs-core";
import { vectorJacobian } from "./variable-gradients.js";

/**
 * Runs `f(x)` and forgets what happened inside: the backward pass runs it again. Saves the memory of everything between
 * `x` and the result, for the time of one more forward pass ("gradient checkpointing").
 *
 * `f` must give the same result each time, and is told whether it runs again, so that side effects (running statistics)
 * happen once.
 *
 * @param f - From one tensor to one tensor; differentiable in `x` and in `variables`.
 * @param x - float32. Not disposed; held until the gradient is taken.
 * @param variables - All that `f` uses and gradients are wanted of. Others count as constants.
 * @returns What `f` gave; the caller disposes it. Gradients are those of `f` itself.
 * @see Chen et al. 2016, arXiv:1604.06174
 */
export function recompute<X extends tf.Tensor, Y extends tf.Tensor>(
  f: (x: X, again: boolean) => Y,
  x: X,
  variables: readonly tf.Variable[],
): Y {
  const run = tf.customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    save([x]);
    return {
      value: f(x, false),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [input] = saved as [X];
        return vectorJacobian(() => f(input, true), [input, ...variables], dy);
      },
    };
  });
  return run(x, ...variables) as Y;
}

/**
 * Runs `f(x)` without recording it: nothing is kept for a backward pass, and the gradient of `x` is zero. For layers
 * that are not trained, below those that are.
 *
 * @param x - float32. Not disposed.
 * @returns What `f` gave; the caller disposes it.
 */
export function stopGradient<X extends tf.Tensor, Y extends tf.Tensor>(f: (x: X) => Y, x: X): Y {
  const run = tf.customGrad((input) => {
    const { shape } = input as tf.Tensor;
    return { value: f(x), gradFunc: () => tf.zeros(shape) };
  });
  return run(x) as Y;
}
