import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  LARS_UPDATE_KERNEL,
  type LarsUpdateOptions,
  larsUpdate,
  MOMENTUM_UPDATE_KERNEL,
  type MomentumUpdateOptions,
  momentumUpdate,
  trustRatio,
} from "./optimizer-updates.js";

const LARS: LarsUpdateOptions = {
  learningRate: 0.3,
  momentum: 0.9,
  weightDecay: 1e-4,
  trustCoefficient: 1e-3,
  nesterov: false,
  adapt: true,
};

/** The parameter after each step, where step s = 1, 2, … has the gradient `gradientAt(s)`. */
function trajectory(
  start: tf.Tensor,
  gradientAt: (step: number) => tf.Tensor,
  steps: number,
  update: typeof larsUpdate,
  options: LarsUpdateOptions,
): tf.Tensor[] {
  let [param, velocity]: [tf.Tensor, tf.Tensor] = [start, tf.zerosLike(start)];
  return Array.from({ length: steps }, (_, i) => {
    [param, velocity] = update(param, gradientAt(i + 1), velocity, options);
    return param;
  });
}

describeBackends(["cpu"], () => {
  describe("larsUpdate", () => {
    it("takes the steps of the reference implementation", () => {
      const gradient = tf.tensor2d([0.1, -0.2, 0.3, 0.4], [2, 2]);
      const start = tf.tensor2d([0.5, -0.25, 1, 0.75], [2, 2]);
      const params = trajectory(start, (s) => tf.mul(s, gradient), 3, larsUpdate, LARS);
      // One float32 ulp near 1 is 6e-8.
      expectClose(params[0]!, [0.49992498, -0.2498500162, 0.9997749775, 0.7497000137], { atol: 2e-7 });
      expectClose(params[1]!, [0.499782473, -0.249565081, 0.999347509, 0.749130117], { atol: 2e-7 });
      expectClose(params[2]!, [0.499579271, -0.2491587665, 0.9987379626, 0.7483174581], { atol: 2e-7 });
    });

    it("moves excluded parameters with the full learning rate", () => {
      const options = { ...LARS, adapt: false, weightDecay: 0 };
      const params = trajectory(tf.ones([2]), () => tf.tensor1d([0.1, -0.2]), 2, larsUpdate, options);
      expectClose(params[0]!, [0.97, 1.06], { atol: 2e-7 });
      expectClose(params[1]!, [0.913, 1.174], { atol: 2e-7 });
    });

    it("looks one velocity step ahead with Nesterov momentum", () => {
      // lr 0.5, mu 0.9, g 0.2: v1 = 0.1, p1 = 1 - (0.09 + 0.1); v2 = 0.19, p2 = p1 - (0.171 + 0.1)
      const options = { ...LARS, adapt: false, weightDecay: 0, nesterov: true, learningRate: 0.5 };
      const params = trajectory(tf.ones([1]), () => tf.tensor1d([0.2]), 2, larsUpdate, options);
      expectClose(params[0]!, [0.81], { atol: 2e-7 });
      expectClose(params[1]!, [0.539], { atol: 2e-7 });
    });

    it("has a trust ratio of 1 where the parameter or the gradient is zero", () => {
      const zero = tf.zeros([2]);
      const gradient = tf.tensor1d([3, 4]);
      expectClose(larsUpdate(zero, gradient, zero, LARS)[0], [-0.9, -1.2], { atol: 2e-7 });
      const options = { ...LARS, weightDecay: 0 };
      expectClose(larsUpdate(gradient, zero, tf.ones([2]), options)[0], [2.1, 3.1], { atol: 4e-7 });
    });
  });

  describe("trustRatio", () => {
    it("is the coefficient times the ratio of the norms", () => {
      expectClose(trustRatio(tf.tensor1d([3, 4]), tf.tensor2d([[6], [8]]), 0.02), 0.01, { rtol: 1e-6 });
    });
  });

  describe("momentumUpdate", () => {
    // p0 = 2, g = 0.5, wd 0.1, mu 0.5, lr 0.2: g1 = 0.7, v1 = 0.7.
    const options: MomentumUpdateOptions = { learningRate: 0.2, momentum: 0.5, weightDecay: 0.1, nesterov: false };
    const run = (nesterov: boolean) =>
      trajectory(tf.tensor1d([2]), () => tf.tensor1d([0.5]), 2, momentumUpdate as typeof larsUpdate, {
        ...LARS,
        ...options,
        nesterov,
      });

    it("applies the learning rate after the velocity", () => {
      const [first, second] = run(false);
      expectClose(first!, [1.86], { atol: 3e-7 }); // 2 - 0.2 * 0.7
      expectClose(second!, [1.6528], { atol: 3e-7 }); // g2 = 0.686, v2 = 1.036
    });

    it("looks ahead with Nesterov momentum", () => {
      const [first, second] = run(true);
      expectClose(first!, [1.79], { atol: 3e-7 }); // 2 - 0.2 * (0.35 + 0.7)
      expectClose(second!, [1.5513], { atol: 3e-7 }); // g2 = 0.679, v2 = 1.029: 1.79 - 0.2 * (0.5145 + 0.679)
    });
  });

  it("leaves only the new parameter and velocity in memory", () => {
    const [p, g, v] = [tf.ones([3]), tf.ones([3]), tf.zeros([3])];
    expectNewTensors(2, () => larsUpdate(p, g, v, LARS));
    expectNewTensors(2, () => momentumUpdate(p, g, v, LARS));
  });

  it("refuses shapes that differ", () => {
    expect(() => larsUpdate(tf.ones([2]), tf.ones([3]), tf.ones([2]), LARS)).toThrow(
      "larsUpdate: `grad` must have shape [2], like `param`; received [3].",
    );
    expect(() => momentumUpdate(tf.ones([2]), tf.ones([2]), tf.ones([1]), LARS)).toThrow(
      "momentumUpdate: `velocity` must have shape [2], like `param`; received [1].",
    );
  });
});

describe("a backend with its own kernels", () => {
  const { adapt: _, trustCoefficient: __, ...momentumAttributes } = LARS;

  it.each([
    [LARS_UPDATE_KERNEL, larsUpdate, LARS],
    [MOMENTUM_UPDATE_KERNEL, momentumUpdate as typeof larsUpdate, momentumAttributes],
  ])("is given the inputs and attributes of %s", async (kernelName, update, attributes) => {
    await tf.setBackend("cpu");
    const seen: unknown[] = [];
    tf.registerKernel({
      kernelName,
      backendName: "cpu",
      kernelFunc: ({ inputs, attrs }) => {
        seen.push(Object.keys(inputs).sort(), attrs);
        return [tf.clone(inputs.grad as tf.Tensor), tf.clone(inputs.velocity as tf.Tensor)];
      },
    });
    const [param, velocity] = update(tf.ones([1]), tf.tensor1d([5]), tf.tensor1d([7]), LARS);
    tf.unregisterKernel(kernelName, "cpu");
    expect(seen).toEqual([["grad", "param", "velocity"], attributes]);
    expectClose(param, [5], {});
    expectClose(velocity, [7], {});
  });
});
