import "@simclr/test-utils";
import { Random, type Weight } from "@simclr/core";
import { classifier, projectionHead, resNet } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { lars } from "./lars.js";

const random = Random.fromSeed(0);
const RATE = 0.25;

/** Names of the weights that one step moves by the whole learning rate: neither decayed nor adapted. */
function excludedOf(weights: readonly Weight[]): string[] {
  const trained = weights.filter(({ role }) => role !== "statistic");
  return tf.tidy(() => {
    for (const { variable } of trained) variable.assign(tf.ones(variable.shape));
    const gradients = trained.map(({ name, variable }): [string, tf.Tensor] => [name, tf.ones(variable.shape)]);
    const optimizer = lars({ classifierWeightDecay: 0 });
    optimizer.apply(trained, Object.fromEntries(gradients), RATE);
    optimizer.dispose();
    const moved = trained.filter(({ variable }) => variable.dataSync().every((value) => value === 1 - RATE));
    return moved.map(({ name }) => name);
  });
}

const norm = (path: string): string[] => [`${path}/gamma`, `${path}/beta`];
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The batch norms of a ResNet: of the stem, and per block of the shortcut, if it projects, and of its convolutions. */
const encoderNorms = (stem: readonly string[], blocks: readonly number[], inBlock: readonly string[]): string[] => [
  ...stem.flatMap((name) => norm(`encoder/stem/${name}`)),
  ...blocks.flatMap((count, group) =>
    range(count).flatMap((block) => {
      const path = `encoder/group${group + 1}/block${block}`;
      return [...(block === 0 ? ["shortcut/norm"] : []), ...inBlock].flatMap((name) => norm(`${path}/${name}`));
    }),
  ),
];

// The official code excludes what matches batch_normalization, bias or head_supervised (reference 6.1): every scale and
// shift of a batch norm, and the classifier; no convolution and no dense layer of it has a bias.
it("LARS excludes the batch norms of a ResNet-18, and nothing else", () => {
  const { weights } = resNet({ depth: 18, widthMultiplier: 0.0625, imageSize: 32, random });
  const expected = encoderNorms(["norm"], [2, 2, 2, 2], ["norm1", "norm2"]);
  expect(expected).toHaveLength(42);
  expect(excludedOf(weights)).toEqual(expected);
});

it("LARS excludes the batch norms of a ResNet-50 with selective kernels, those of the gates included", () => {
  const { weights } = resNet({ depth: 50, widthMultiplier: 0.0625, selectiveKernel: true, imageSize: 224, random });
  const inBlock = ["norm1", "sk/norm", "sk/squeeze/norm", "norm3"];
  const expected = encoderNorms(["norm1", "norm2", "norm3"], [3, 4, 6, 3], inBlock);
  expect(expected).toHaveLength(142);
  expect(excludedOf(weights)).toEqual(expected);
});

it("LARS excludes the batch norms of a projection head, whose last one has no shift", () => {
  const { weights } = projectionHead({ inputDimension: 8, layers: 3, outputDimension: 4, random });
  const expected = [...norm("head/layer0/norm"), ...norm("head/layer1/norm"), "head/layer2/norm/gamma"];
  expect(excludedOf(weights)).toEqual(expected);
});

it("LARS excludes the whole classifier", () => {
  const { weights } = classifier({ inputDimension: 8, classCount: 4, random });
  expect(excludedOf(weights)).toEqual(["classifier/kernel", "classifier/bias"]);
});
