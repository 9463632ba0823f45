import "@simclr/ops/register";
import { adamWUpdate, batchNorm, l2Normalize, larsUpdate, momentumUpdate, weightedCrossEntropy } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, it } from "vitest";
import { registerWebgpuBackend } from "../register-backend.js";
import { expectParity, hasTestDevice, NEEDS_DEVICE, noiseTensor } from "../testing.js";

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

  // Of the layers of a ResNet: a kernel of 3x3, a bias that vectors of four do not cover, and a scalar.
  it.each([[[3, 3, 64, 128]], [[513]], [[]]])("ten steps of AdamW of %j", async (shape) => {
    await expectParity(() => {
      let state = [noiseTensor(shape, 1), tf.zeros(shape), tf.zeros(shape)];
      for (let update = 1; update <= 10; update++) {
        const options = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, update };
        state = adamWUpdate(state[0]!, noiseTensor(shape, 1 + update), state[1]!, state[2]!, options);
      }
      return state;
    });
  });

  it.each([
    [512, 128],
    [33, 1001],
    [5, 10],
  ])("rows of length 1 and cross-entropy of %i rows of %i, and their gradients", async (rows, columns) => {
    await expectParity(() => {
      const noise = (width: number, seed: number) => noiseTensor<tf.Rank.R2>([rows, width], seed);
      const x = tf.mul(noise(columns, 1), 8);
      const targets = tf.softmax(noise(columns, 2)) as tf.Tensor2D;
      const loss = tf.valueAndGrad((z) => weightedCrossEntropy(z as tf.Tensor2D, targets, tf.abs(noise(1, 3))))(x);
      const unit = tf.valueAndGrad((z) => l2Normalize(z as tf.Tensor2D))(x, noise(columns, 4));
      return [loss.value, loss.grad, unit.value, unit.grad];
    });
  });

  it("divides rows of zeros by 1e-6, in their gradient too", async () => {
    await expectParity(() => {
      const x = tf.concat([tf.zeros([1, 6]), noiseTensor([1, 6], 1)]);
      const { value, grad } = tf.valueAndGrad((z) => l2Normalize(z as tf.Tensor2D))(x, noiseTensor([2, 6], 2));
      return [value, grad];
    });
  });
});
