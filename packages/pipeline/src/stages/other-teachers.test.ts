import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useBackend } from "@simclr/backends";
import { Random } from "@simclr/core";
import { classifierModel } from "@simclr/exchange";
import { saveModel } from "@simclr/exchange/node";
import { classifier, classifierNetwork, resNet } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Networks } from "./networks.js";
import { answersOf, loadOtherTeachers } from "./other-teachers.js";

const SIDE = 8;
const random = Random.fromSeed(2);

/** Gives every image the same distribution: zeros for a kernel, and the logarithms of it for a bias. */
function constantNetwork(probabilities: readonly number[]) {
  const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize: SIDE, random });
  const top = classifier({ inputDimension: encoder.featureDimension, classCount: probabilities.length, random });
  const bias = top.weights.find(({ role }) => role === "classifier-bias")!;
  const logits = tf.tensor1d(probabilities.map(Math.log));
  bias.variable.assign(logits);
  logits.dispose();
  return classifierNetwork({ encoder, classifier: top });
}

describe("other teachers", () => {
  let folder = "";
  const file = (name: string) => join(folder, `${name}.safetensors`);
  beforeAll(async () => {
    await useBackend("cpu");
    folder = await mkdtemp(join(tmpdir(), "simclr-teachers-"));
    const save = async (name: string, probabilities: readonly number[], classNames?: string[], imageSize = SIDE) => {
      const network = constantNetwork(probabilities);
      const preprocessing = { imageSize, cropFraction: 1, resize: "tf1-bicubic" } as const;
      const model = classifierModel(network, { preprocessing, ...(classNames && { classNames }) });
      await saveModel(file(name), model);
      model.dispose();
    };
    await save("even", [0.5, 0.5], ["cat", "dog"]);
    await save("sure", [0.1, 0.9]);
    await save("swapped", [0.5, 0.5], ["dog", "cat"]);
    await save("three", [0.2, 0.3, 0.5]);
    await save("large", [0.5, 0.5], ["cat", "dog"], 32);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const settings = (...names: string[]) => {
    const data = { imageSize: SIDE, channels: 3 };
    return { distill: { teachers: names.map(file) }, data, plugins: [] } as unknown as Parameters<
      typeof loadOtherTeachers
    >[0];
  };

  it("teach the mean of all probabilities", async () => {
    const before = tf.memory().numTensors;
    const own = constantNetwork([0.3, 0.7]);
    const networks = new Networks();
    const others = await loadOtherTeachers(settings("even", "sure"), ["cat", "dog"], networks);
    expect(new Set(others.map(({ digest }) => digest)).size).toBe(2);
    const ask = answersOf(
      own,
      others.map(({ network }) => network),
    );
    const images = tf.zeros<tf.Rank.R4>([2, SIDE, SIDE, 3]);
    const answer = ask(images);
    const probabilities = [...(await answer.data())].map(Math.exp);
    // (0.3 + 0.5 + 0.1) / 3 and (0.7 + 0.5 + 0.9) / 3
    for (const [i, expected] of [0.3, 0.7, 0.3, 0.7].entries()) expect(probabilities[i]).toBeCloseTo(expected, 6);
    tf.dispose([images, answer]);
    own.dispose();
    networks.disposeAll();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["swapped", "distill.teachers[1]: ", "knows the classes dog, cat, where this run has cat, dog."],
    ["three", "distill.teachers[1]: ", "knows a number of classes of 3, where this run has 2."],
    ["large", "distill.teachers[1]: ", "knows images of size 32, where this run has 8."],
  ])("are refused, and freed, for other classes or images: %s", async (name, place, message) => {
    const before = tf.memory().numTensors;
    const networks = new Networks();
    const refused = loadOtherTeachers(settings("even", name), ["cat", "dog"], networks);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(place);
    networks.disposeAll();
    expect(tf.memory().numTensors).toBe(before);
  });
});
