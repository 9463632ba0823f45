import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { batchNorm } from "./batch-norm.js";
import { variableGradients } from "./variable-gradients.js";

const variable = (shape: number[], seed: number) => tf.variable(tf.randomNormal(shape, 0, 0.3, "float32", seed));

/** A residual net with batch norm, shared weights, a branch that leads nowhere and a constant. */
function network(x: tf.Tensor4D, blocks: number) {
  const filters = Array.from({ length: blocks }, (_, i) => variable([3, 3, 8, 8], 10 + i) as tf.Variable<tf.Rank.R4>);
  const [gamma, beta, unused] = [variable([8], 1), variable([8], 2), variable([8], 3)];
  const loss = (): tf.Scalar => {
    let y: tf.Tensor = x;
    for (const filter of filters) {
      const convolved = tf.conv2d(y as tf.Tensor4D, filter, 1, "same");
      const normal = batchNorm(convolved, gamma as tf.Tensor1D, beta as tf.Tensor1D, { activation: "relu" });
      y = tf.add(y, normal.y);
      tf.exp(y); // recorded, and on no way to the loss
    }
    const [a, b] = tf.split(tf.mean(y, [1, 2]), 2, 0);
    return tf.add(tf.mean(tf.mul(a!, tf.tanh(b!))), tf.sum(tf.square(gamma)));
  };
  return { loss, variables: [...filters, gamma, beta, unused] };
}

describeBackends(["cpu", "onednn"], () => {
  it("gives what tf.variableGrads gives, bit for bit, and leaves nothing else", async () => {
    const x = tf.randomNormal([4, 6, 5, 8], 0, 1, "float32", 7) as tf.Tensor4D;
    const { loss, variables } = network(x, 3);
    const expected = tf.variableGrads(loss, variables);
    const before = tf.memory().numTensors;
    const actual = variableGradients(loss, variables);
    expect(tf.memory().numTensors).toBe(before + 1 + Object.keys(actual.grads).length);
    expect(await actual.value.data()).toEqual(await expected.value.data());
    expect(Object.keys(actual.grads).sort()).toEqual(Object.keys(expected.grads).sort());
    expect(actual.grads).not.toHaveProperty(variables.at(-1)!.name);
    for (const [name, gradient] of Object.entries(actual.grads)) {
      expect(await gradient.data(), name).toEqual(await expected.grads[name]!.data());
    }
    tf.dispose([x, variables, actual.grads, actual.value, expected.grads, expected.value]);
  });

  it("holds no gradient of a layer longer than that layer takes", () => {
    /** Most bytes alive while the gradients are computed, beyond what was there before. */
    const peak = (gradients: typeof variableGradients) => {
      let most = 0;
      const x = tf.ones<tf.Rank.R4>([2, 32, 32, 8]);
      const watch = tf.customGrad((y) => ({
        value: tf.clone(y as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => {
          most = Math.max(most, tf.memory().numBytes - before);
          return tf.clone(dy);
        },
      }));
      const filters = Array.from({ length: 12 }, (_, i) => variable([1, 1, 8, 8], i) as tf.Variable<tf.Rank.R4>);
      const before = tf.memory().numBytes;
      const { value, grads } = gradients(() => {
        let y: tf.Tensor4D = x;
        for (const filter of filters) y = watch(tf.conv2d(y, filter, 1, "same")) as tf.Tensor4D;
        return tf.mean(y);
      }, filters);
      tf.dispose([x, filters, value, grads]);
      return most / (2 * 32 * 32 * 8 * 4);
    };
    // twelve activations, and a few of the kernel at work; tfjs-core holds twelve gradients as well
    expect(peak(variableGradients)).toBeLessThan(16);
    expect(peak(tf.variableGrads as typeof variableGradients)).toBeGreaterThan(22);
  });

  it("takes gradient functions that return what they were given, for several inputs", async () => {
    const [a, b] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor1d([3, 5]))];
    const sum = tf.customGrad((x, y) => ({
      value: tf.add(x as tf.Tensor, y as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => [dy, dy],
    }));
    const before = tf.memory().numTensors;
    const { value, grads } = variableGradients(() => tf.sum(tf.mul(sum(a, b), sum(b, b))), [a, b]);
    expect(await value.data()).toEqual(new Float32Array([24 + 70]));
    expect(await grads[a.name]!.data()).toEqual(new Float32Array([6, 10])); // 2b
    expect(await grads[b.name]!.data()).toEqual(new Float32Array([2 + 12, 4 + 20])); // 2a + 4b
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([a, b]);
  });

  it("works within another gradient", async () => {
    const x = tf.variable(tf.scalar(3));
    const second = tf.variableGrads(
      () => variableGradients(() => tf.mul(x, tf.square(x)), [x]).grads[x.name] as tf.Scalar,
      [x],
    );
    expect((await second.grads[x.name]!.data())[0]).toBeCloseTo(18, 4); // (x³)'' = 6x
    tf.dispose([x, second.value, second.grads]);
  });

  it("frees everything when it fails", () => {
    const x = tf.variable(tf.ones([2, 3]));
    const before = tf.memory().numTensors;
    expect(() => variableGradients(() => tf.square(x) as unknown as tf.Scalar, [x])).toThrow(
      "variableGradients: `f` must return a scalar; received float32 [2,3].",
    );
    expect(() => variableGradients(() => tf.scalar(1), [x])).toThrow("depends on none of the variables");
    expect(() => variableGradients(() => tf.sum(tf.asinh(tf.erf(tf.floor(x)))) && fail(), [x])).toThrow("my own");
    const wrong = tf.customGrad((y) => ({ value: tf.sum(y as tf.Tensor), gradFunc: (dy: tf.Tensor) => tf.clone(dy) }));
    expect(() => variableGradients(() => wrong(tf.square(x)) as tf.Scalar, [x])).toThrow(
      'input "0", must be float32 [2,3]; its function gave float32 [].',
    );
    expect(tf.memory().numTensors).toBe(before);
    const { value, grads } = variableGradients(() => tf.sum(x), [x]); // and the next one works
    tf.dispose([value, grads, x]);
  });
});

function fail(): never {
  throw new Error("my own");
}
