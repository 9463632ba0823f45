import "./register.js";
import { expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { recompute, stopGradient } from "./recompute.js";
import { variableGradients } from "./variable-gradients.js";

beforeAll(() => tf.setBackend("cpu"));

describe("recompute", () => {
  const make = () => ({
    x: tf.variable(tf.tensor2d([1, -2, 3, 4], [2, 2])),
    w: tf.variable(tf.tensor2d([0.5, 1, -1, 2], [2, 2])),
  });

  it("has the value and the gradients of the function itself, under tfjs's gradients and ours, and runs it twice", () => {
    const { x, w } = make();
    const runs: boolean[] = [];
    const f = (v: tf.Tensor2D): tf.Tensor2D => tf.tanh(tf.matMul(tf.square(v), w as tf.Tensor as tf.Tensor2D));
    const loss = (y: tf.Tensor) => tf.sum<tf.Scalar>(tf.mul(y, tf.tensor2d([1, 2, 3, 4], [2, 2])));
    const segment = () =>
      recompute(
        (v: tf.Tensor2D, again) => {
          runs.push(again);
          return f(v);
        },
        tf.mul(x, 0.25) as tf.Tensor2D,
        [w],
      );
    const plain = tf.variableGrads(() => loss(f(tf.mul(x, 0.25))), [x, w]);
    for (const gradients of [tf.variableGrads, variableGradients]) {
      const { value, grads } = gradients(() => loss(segment()), [x, w]);
      expectClose(value, plain.value, { atol: 0 });
      for (const { name } of [x, w]) expectClose(grads[name]!, plain.grads[name]!, { atol: 0 });
    }
    expect(runs).toEqual([false, true, false, true]);
  });

  it("holds its input alone until the gradient is taken, and nothing afterwards", () => {
    const { x, w } = make();
    let inside = 0;
    expectNewTensors(3, () => {
      const { value, grads } = variableGradients(() => {
        const before = tf.memory().numTensors;
        const y = recompute((v) => tf.relu(tf.mul(tf.exp(tf.mul(v, 0.1)), w)), x, [w]);
        inside = tf.memory().numTensors - before;
        return tf.sum(y);
      }, [x, w]);
      return [value, ...Object.values(grads)];
    });
    expect(inside).toBe(2); // the result, and the saved input
  });
});

describe("stopGradient", () => {
  it("gives the value, keeps nothing, and passes no gradient on", () => {
    const x = tf.variable(tf.tensor1d([1, 2, 3]));
    const w = tf.variable(tf.scalar(2));
    let inside = 0;
    const { value, grads } = variableGradients(() => {
      const before = tf.memory().numTensors;
      const y = stopGradient((v) => tf.square(tf.exp(v)), x);
      inside = tf.memory().numTensors - before;
      return tf.sum(tf.mul(y, w));
    }, [x, w]);
    expectClose(value, 2 * (Math.exp(2) + Math.exp(4) + Math.exp(6)), { rtol: 1e-6 });
    expectClose(grads[w.name]!, Math.exp(2) + Math.exp(4) + Math.exp(6), { rtol: 1e-6 });
    expectClose(grads[x.name]!, [0, 0, 0], { atol: 0 });
    expect(inside).toBe(1);
  });
});
