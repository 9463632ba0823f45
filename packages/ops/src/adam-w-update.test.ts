import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { ADAM_W_UPDATE_KERNEL, type AdamWUpdateOptions, adamWUpdate } from "./adam-w-update.js";

const OPTIONS: AdamWUpdateOptions = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0,
  update: 1,
};

describeBackends(["cpu"], () => {
  describe("adamWUpdate", () => {
    it("takes a first step of the learning rate against the sign of the gradient", () => {
      const [param, grad, zero] = [tf.tensor1d([1, 1]), tf.tensor1d([5, -0.02]), tf.zeros([2])];
      const [p, m, v] = adamWUpdate(param, grad, zero, zero, OPTIONS);
      expectClose(p, [0.9, 1.1], { atol: 4e-7 }); // m̂ / √v̂ is the sign
      expectClose(m, [0.5, -0.002], { rtol: 1e-6 });
      expectClose(v, [0.25, 4e-6], { rtol: 1e-6 });
    });

    it("decays apart from the gradient, and corrects the bias of both moments", () => {
      const options = { ...OPTIONS, weightDecay: 0.5, update: 2, epsilon: 1 };
      const [p] = adamWUpdate(tf.tensor1d([2]), tf.tensor1d([1]), tf.tensor1d([0.1]), tf.tensor1d([0.01]), options);
      // m = 0.19, m̂ = 0.19 / 0.19 = 1; v = 0.0199, v̂ = 0.0199 / 0.0199 = 1; 2 · (1 - 0.05) - 0.1 · 1 / (1 + 1)
      expectClose(p, [1.85], { atol: 4e-7 });
    });

    it("leaves only the new values in memory", () => {
      const [p, g, m, v] = [tf.ones([3]), tf.ones([3]), tf.zeros([3]), tf.zeros([3])];
      expectNewTensors(3, () => adamWUpdate(p, g, m, v, { ...OPTIONS, weightDecay: 0.1 }));
    });

    it("refuses shapes that differ", () => {
      const two = tf.ones([2]);
      expect(() => adamWUpdate(two, two, two, tf.ones([3]), OPTIONS)).toThrow(
        "adamWUpdate: `secondMoment` must have shape [2], like `param`; received [3].",
      );
    });
  });
});

describe("a backend with its own kernel", () => {
  it("is given the inputs and attributes", async () => {
    await tf.setBackend("cpu");
    const seen: unknown[] = [];
    tf.registerKernel({
      kernelName: ADAM_W_UPDATE_KERNEL,
      backendName: "cpu",
      kernelFunc: ({ inputs, attrs }) => {
        seen.push(Object.keys(inputs).sort(), attrs);
        return [inputs.grad, inputs.firstMoment, inputs.secondMoment].map((tensor) => tf.clone(tensor as tf.Tensor));
      },
    });
    const [p, m, v] = adamWUpdate(tf.ones([1]), tf.tensor1d([5]), tf.tensor1d([7]), tf.tensor1d([9]), OPTIONS);
    tf.unregisterKernel(ADAM_W_UPDATE_KERNEL, "cpu");
    expect(seen).toEqual([["firstMoment", "grad", "param", "secondMoment"], OPTIONS]);
    expectClose(tf.concat([p as tf.Tensor1D, m as tf.Tensor1D, v as tf.Tensor1D]), [5, 7, 9], {});
  });
});
