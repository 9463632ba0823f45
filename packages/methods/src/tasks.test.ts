import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { cifar, fineTune } from "@simclr/augment";
import { Random, type RawBatch, singleProcess, type Weight } from "@simclr/core";
import { classifier, classifierNetwork, projectionHead, resNet } from "@simclr/models";
import { momentumSgd } from "@simclr/optim";
import { describeBackends } from "@simclr/test-utils";
import type { StepContext, TrainingTask } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { simClr } from "./sim-clr.js";
import { supervised } from "./supervised.js";

const SIDE = 8;
const BATCH = 6;
const random = Random.fromSeed(11);

/** Small images: class k is bright in channel k. */
function batch(labels: readonly number[] = [0, 1, 2, 0, 1, 2]): RawBatch {
  const draws = random.fork("images");
  const images = Uint8Array.from({ length: BATCH * SIDE * SIDE * 3 }, (_, i) => {
    const image = Math.floor(i / (SIDE * SIDE * 3));
    return (i % 3 === labels[image] ? 150 : 30) + draws.integer(0, 40);
  });
  return {
    kind: "raw",
    images,
    shape: [BATCH, SIDE, SIDE, 3],
    indices: Int32Array.from({ length: BATCH }, (_, i) => i),
    labels: Int32Array.from(labels),
  };
}

const context = (step: number): StepContext => ({
  step,
  epoch: 0,
  stepInEpoch: step,
  totalSteps: 12,
  random,
  communicator: singleProcess(),
});
const encoder = () => resNet({ depth: 18, widthMultiplier: 0.0625, imageSize: SIDE, random });

function network() {
  const trunk = encoder();
  const top = classifier({ inputDimension: trunk.featureDimension, classCount: 3, random });
  return classifierNetwork({ encoder: trunk, classifier: top });
}

async function losses(task: TrainingTask<RawBatch>, steps: number, learningRate: number): Promise<number[]> {
  const optimizer = momentumSgd({ momentum: 0.9 });
  const seen: number[] = [];
  const tensors: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { loss, gradients, metrics, commit } = await task.step(batch(), context(step));
    optimizer.apply(task.weights, gradients, learningRate);
    commit?.();
    seen.push((await loss.data())[0]!);
    tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
    tensors.push(tf.memory().numTensors);
  }
  expect(new Set(tensors).size, "tensors from step to step").toBe(1);
  optimizer.dispose();
  return seen;
}

const values = async (weights: readonly Weight[]): Promise<number[]> =>
  (await Promise.all(weights.map(async ({ variable }) => [...(await variable.data())]))).flat();

describeBackends(["cpu", "onednn"], () => {
  it("simClr lowers NT-Xent from about ln(2N - 1), with a gradient for every trained weight", async () => {
    const trunk = encoder();
    const head = projectionHead({ inputDimension: trunk.featureDimension, layers: 2, outputDimension: 16, random });
    const task = simClr({ encoder: trunk, head, recipe: cifar({ size: SIDE }), temperature: 0.5 });
    const { loss, gradients, metrics, discard } = await task.step(batch(), context(0));
    expect(Object.keys(gradients).sort()).toEqual(task.weights.map(({ name }) => name).sort());
    expect(Object.keys(metrics).sort()).toEqual(["contrastAccuracy", "contrastEntropy", "projectionDeviation"]);
    discard?.();
    tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
    const seen = await losses(task, 12, 0.05);
    expect(Math.abs(seen[0]! - Math.log(2 * BATCH - 1))).toBeLessThan(0.5);
    expect(seen.at(-1)!).toBeLessThan(seen[0]! - 0.05);
    tf.dispose([trunk.weights.map(({ variable }) => variable), head.weights.map(({ variable }) => variable)]);
  });

  it("supervised learns to tell three colours, starting at ln 3 from zero logits", async () => {
    const net = network();
    const task = supervised({ network: net, recipe: fineTune({ size: SIDE }) });
    const seen = await losses(task, 15, 0.05);
    expect(Math.abs(seen[0]! - Math.log(3))).toBeLessThan(1e-5); // the classifier starts at zero
    expect(seen.at(-1)!).toBeLessThan(0.5 * seen[0]!);
    net.dispose();
  });

  it("a step changes nothing until the update and commit", async () => {
    const net = network();
    const task = supervised({ network: net, recipe: fineTune({ size: SIDE }) });
    const before = await values(net.weights);
    const { loss, gradients, metrics, commit } = await task.step(batch(), context(0));
    expect(await values(net.weights)).toEqual(before);
    commit?.();
    const statistics = net.weights.filter(({ role }) => role === "statistic");
    const trained = net.weights.filter(({ role }) => role !== "statistic");
    expect(await values(statistics)).not.toEqual(before.slice(-(await values(statistics)).length));
    expect(trained.length + statistics.length).toBe(net.weights.length);
    tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
    net.dispose();
  });

  it("supervised refuses an image without a label and leaves no tensor behind", async () => {
    const net = network();
    const task = supervised({ network: net, recipe: fineTune({ size: SIDE }) });
    const tensors = tf.memory().numTensors;
    await expect(task.step(batch([0, 1, -1, 0, 1, 2]), context(0))).rejects.toThrow(
      "supervised: image 2 has no label. Restrict the loader to the labelled images (`indices: labelledIndices(dataset)`).",
    );
    expect(tf.memory().numTensors).toBe(tensors);
    net.dispose();
  });
});
