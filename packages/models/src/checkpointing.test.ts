import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { Random, readWeights } from "@simclr/core";
import { variableGradients } from "@simclr/ops";
import { describeBackends, expectCloseToLargest } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { BatchStatistics } from "./batch-statistics.js";
import { type Checkpointing, type ResNetOptions, resNet } from "./res-net.js";

const random = Random.fromSeed(9);

/** One step: loss, gradients by weight name, and all weights after running statistics have moved. */
async function step(options: Omit<ResNetOptions, "random">, gradientsOf: typeof variableGradients = variableGradients) {
  const encoder = resNet({ ...options, random });
  // Gammas of 0 would hide the main paths.
  tf.tidy(() => {
    for (const { name, variable } of encoder.weights)
      if (/gamma$/.test(name)) variable.assign(tf.fill(variable.shape, 0.5));
  });
  const images = tf.randomUniform<tf.Rank.R4>([4, 8, 9, 3], 0, 1, "float32", 4);
  const trained = encoder.weights.filter(({ variable }) => variable.trainable);
  const statistics = new BatchStatistics();
  const forward = { training: true, statistics, random: random.fork("drop") };
  const { value, grads } = gradientsOf(
    () => tf.sum(tf.square(encoder.forward(images, forward).pooled)),
    trained.map(({ variable }) => variable),
  );
  statistics.apply();
  const gradients = Object.fromEntries(trained.map(({ name, variable }) => [name, grads[variable.name]!.dataSync()]));
  const weights = await readWeights(encoder.weights);
  const loss = value.dataSync()[0]!;
  tf.dispose([images, value, grads]);
  encoder.dispose();
  return { loss, gradients, weights };
}

const network = { depth: 50, widthMultiplier: 1 / 32, stem: "cifar" } as const;
const dropBlock = { keepProbabilities: [0.9, 0.9, 1, 1], size: 2 } as const;

describeBackends(["cpu", "onednn"], () => {
  it.each<[Checkpointing, string, Omit<ResNetOptions, "random">]>([
    ["block", "selective kernels", { ...network, selectiveKernel: true }],
    ["group", "DropBlock and gates", { ...network, depth: 50, dropBlock, squeezeExcitation: 0.25 }],
  ])(
    "by %s has the loss, gradients and running statistics of the plain pass, with %s",
    { timeout: 60_000 },
    async (checkpointing, _, options) => {
      const before = tf.memory().numTensors;
      const plain = await step(options);
      const saving = await step({ ...options, checkpointing });
      expect(tf.memory().numTensors).toBe(before);
      expect(saving.loss).toBe(plain.loss);
      expect(Object.keys(saving.gradients)).toEqual(Object.keys(plain.gradients));
      for (const [name, gradient] of Object.entries(plain.gradients))
        expectCloseToLargest(saving.gradients[name]!, gradient, 1e-6);
      expect(saving.weights).toEqual(plain.weights); // running statistics moved once, by the same batch
    },
  );

  it("works under tfjs's own gradients too", { timeout: 60_000 }, async () => {
    const options = { depth: 18, widthMultiplier: 1 / 16, stem: "cifar", checkpointing: "block" } as const;
    const ours = await step(options);
    const theirs = await step(options, tf.variableGrads as typeof variableGradients);
    for (const [name, gradient] of Object.entries(ours.gradients))
      expectCloseToLargest(theirs.gradients[name]!, gradient, 1e-6);
  });
});
