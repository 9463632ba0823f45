import "@simclr/ops/register";
import { batchNorm, larsUpdate, momentumUpdate } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerWebgpuBackend } from "../register-backend.js";
import { hasTestDevice, NEEDS_DEVICE, noiseTensor, on, relativeError } from "../testing.js";

async function expectParity(f: () => tf.Tensor[], tolerance = 5e-6): Promise<void> {
  const expected = await on("cpu", f);
  const actual = await on("webgpu", f);
  expect(actual.length).toBe(expected.length);
  for (const [i, values] of expected.entries()) {
    expect(relativeError(actual[i]!, values), `result ${i}`).toBeLessThan(tolerance);
  }
}

type Padding = "same" | "valid" | tf.backend_util.ExplicitPadding;

/** Batch, side, channels in, filter, stride, channels out. */
const CONVOLUTIONS: [number, number, number, number, number, number, Padding][] = [
  [2, 9, 3, 7, 2, 5, "same"],
  [2, 8, 4, 3, 1, 8, "same"],
  [2, 9, 4, 3, 2, 8, "same"],
  [3, 7, 5, 1, 1, 9, "valid"],
  [3, 7, 8, 1, 2, 12, "same"],
  [4, 5, 100, 1, 1, 100, "same"], // the large tile in every product
  [1, 7, 16, 3, 1, 132, "valid"],
  [
    4,
    16,
    16,
    3,
    1,
    16,
    [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
  ], // split along the batch
  [
    2,
    6,
    6,
    2,
    2,
    6,
    [
      [0, 0],
      [1, 0],
      [0, 1],
      [0, 0],
    ],
  ],
];

describe.skipIf(!hasTestDevice())(`kernels of our own against cpu (${NEEDS_DEVICE})`, () => {
  beforeAll(async () => {
    await registerWebgpuBackend();
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  });

  it.each(CONVOLUTIONS)(
    "convolution and both gradients: %i of %i px, %i channels, filter %i, stride %i, to %i channels, %j",
    async (batch, side, channelsIn, filter, stride, channelsOut, pad) => {
      await expectParity(() => {
        const x = noiseTensor<tf.Rank.R4>([batch, side, side, channelsIn], 1);
        const w = noiseTensor<tf.Rank.R4>([filter, filter, channelsIn, channelsOut], 2);
        const y = tf.conv2d(x, w, stride, pad);
        const dy = noiseTensor(y.shape, 3);
        const gradients = tf.grads((x: tf.Tensor, w: tf.Tensor) =>
          tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
        );
        return [y, ...gradients([x, w], dy)];
      });
    },
  );

  it.each([
    [[6, 5, 5, 8], "relu", true],
    [[4, 3, 3, 5], "relu", false],
    [[300, 33], "none", false],
    [[4, 3, 3, 8], "none", true],
  ] as const)(
    "training batch norm of %j with activation %s, residual %s, and its gradients",
    async (shape, activation, hasResidual) => {
      const channels = shape.at(-1)!;
      await expectParity(() => {
        const x = tf.add(tf.mul(noiseTensor([...shape], 1), 2), 5); // a mean far from 0
        const gamma = noiseTensor([channels], 2);
        const beta = noiseTensor([channels], 3);
        const residual = noiseTensor([...shape], 4);
        const run = (...args: tf.Tensor[]) =>
          batchNorm(args[0]!, args[1]!, args[2]!, { activation, residual: hasResidual ? args[3] : undefined });
        const inputs = hasResidual ? [x, gamma, beta, residual] : [x, gamma, beta];
        const { y, mean, variance } = run(...inputs);
        const gradients = tf.grads((...args: tf.Tensor[]) => run(...args).y)(inputs, noiseTensor([...shape], 5));
        return [y, mean, variance, ...gradients];
      }, 2e-5);
    },
  );

  const RATES = { learningRate: 0.3, momentum: 0.9, weightDecay: 0.01 };
  it.each([
    [[3, 3, 8, 16], true, false],
    [[3, 3, 8, 16], true, true],
    [[5, 7], true, false],
    [[7], false, false],
    [[130, 70], false, true],
  ] as const)("LARS and momentum steps of %j, trust ratio %s, Nesterov %s", async (shape, adapt, nesterov) => {
    await expectParity(() => {
      const [param, grad, velocity] = [1, 2, 3].map((seed) => noiseTensor([...shape], seed)) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      return [
        ...larsUpdate(param, grad, velocity, { ...RATES, nesterov, adapt, trustCoefficient: 0.1 }),
        ...momentumUpdate(param, grad, velocity, { ...RATES, nesterov }),
      ];
    });
  });

  it("gives a parameter of zeros a trust ratio of 1", async () => {
    await expectParity(() => {
      const [grad, velocity] = [noiseTensor([12], 1), noiseTensor([12], 2)];
      return larsUpdate(tf.zeros([12]), grad, velocity, {
        ...RATES,
        nesterov: false,
        adapt: true,
        trustCoefficient: 0.1,
      });
    });
  });
});
