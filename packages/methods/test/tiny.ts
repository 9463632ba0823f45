import { Random, type RawBatch, singleProcess, type Weight } from "@simclr/core";
import { type Encoder, projectionHead, resNet } from "@simclr/models";
import type { StepContext } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";

export const SIDE = 8;
export const random = Random.fromSeed(11);

/** Images of noise around a colour of their own. */
export function batch(size: number, step = 0): RawBatch {
  const draws = random.fork("images", step);
  const tints = Array.from({ length: 3 * size }, () => draws.integer(20, 180));
  const images = Uint8Array.from({ length: size * SIDE * SIDE * 3 }, (_, i) => {
    const image = Math.floor(i / (SIDE * SIDE * 3));
    return tints[3 * image + (i % 3)]! + draws.integer(0, 60);
  });
  return {
    kind: "raw",
    images,
    shape: [size, SIDE, SIDE, 3],
    indices: Int32Array.from({ length: size }, (_, i) => step * size + i),
    labels: new Int32Array(size).fill(-1),
  };
}

export const context = (step: number, totalSteps = 20): StepContext => ({
  step,
  epoch: 0,
  stepInEpoch: step,
  totalSteps,
  random,
  communicator: singleProcess(),
});

/** A ResNet-18 of 8 channels with a head; the caller disposes both. */
export function network({ outputNorm = true } = {}) {
  const encoder = resNet({ depth: 18, widthMultiplier: 1 / 8, imageSize: SIDE, random });
  const { featureDimension: inputDimension } = encoder;
  const head = projectionHead({ inputDimension, layers: 2, outputDimension: 16, outputNorm, random });
  return { encoder, head, dispose: () => void [encoder, head].map((part) => part.dispose()) };
}

/** One convolution, tanh and the global average, and one dense layer: no batch norm anywhere. */
export function networkWithoutNorm() {
  const channels = 12;
  const values = Float32Array.from({ length: 27 * channels }, () => random.fork("kernel").normal());
  for (const i of values.keys()) values[i] = random.fork("kernel", i).normal();
  const variable = tf.variable(tf.tensor(values, [3, 3, 3, channels]));
  const weights: Weight[] = [{ name: "encoder/kernel", role: "kernel", variable }];
  const encoder: Encoder = {
    name: "encoder",
    weights,
    featureDimension: channels,
    input: { channels: 3, minimumSize: 3 },
    endpoints: [],
    forward: (images) =>
      tf.tidy(() => {
        const maps = tf.tanh(tf.conv2d(images, variable as tf.Tensor as tf.Tensor4D, 1, "same"));
        const pooled = tf.mean<tf.Tensor2D>(maps, [1, 2]);
        return { pooled, endpoints: {} };
      }),
    describe: () => {
      throw new Error("no description");
    },
    twin: () => {
      throw new Error("no twin");
    },
    dispose: () => variable.dispose(),
  };
  const head = projectionHead({ inputDimension: channels, layers: 1, outputDimension: 6, outputNorm: false, random });
  return { encoder, head, dispose: () => void [encoder, head].map((part) => part.dispose()) };
}
