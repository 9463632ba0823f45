import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { defineAugmentation, fineTune } from "@simclr/augment";
import { Random, type RawBatch, singleProcess } from "@simclr/core";
import { classifier, classifierNetwork, resNet } from "@simclr/models";
import { expectClose } from "@simclr/test-utils";
import type { StepContext } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type DistillationOptions, distillation } from "./distillation.js";
import { cachedTeacher, ensemble, type Teacher } from "./teacher.js";

const SIDE = 8;
const CLASSES = 3;
const random = Random.fromSeed(5);
const LABELS = Int32Array.of(0, -1, 2, -1);

function network(seed: string, { classCount = CLASSES, zeroInit = false } = {}) {
  const own = random.fork(seed);
  const encoder = resNet({ depth: 18, widthMultiplier: 0.0625, imageSize: SIDE, random: own });
  return classifierNetwork({
    encoder,
    classifier: classifier({ inputDimension: encoder.featureDimension, classCount, zeroInit, random: own }),
  });
}

function batch(): RawBatch {
  const draws = random.fork("images");
  const images = Uint8Array.from({ length: LABELS.length * SIDE * SIDE * 3 }, () => draws.integer(0, 256));
  return { kind: "raw", images, shape: [4, SIDE, SIDE, 3], indices: Int32Array.of(2, 0, 3, 1), labels: LABELS };
}

const context: StepContext = {
  ...{ step: 0, epoch: 0, stepInEpoch: 0, totalSteps: 1, random },
  communicator: singleProcess(),
};

/** Loss and metrics of one step, as numbers; nothing is kept. */
async function stepOf(options: Omit<DistillationOptions, "recipe">) {
  const task = distillation({ recipe: fineTune({ size: SIDE }), ...options });
  const { loss, gradients, metrics, discard } = await task.step(batch(), context);
  const named = Object.entries(metrics as Record<string, tf.Scalar>);
  const values = await Promise.all(named.map(async ([name, value]) => [name, (await value.data())[0]!] as const));
  const result = { loss: (await loss.data())[0]!, ...Object.fromEntries(values) } as Record<string, number>;
  discard?.();
  tf.dispose([loss, gradients, named.map(([, value]) => value)]);
  return result;
}

describe("teachers", () => {
  beforeAll(() => tf.setBackend("onednn"));

  it("an ensemble gives the mean of its networks' distributions; of one, that network's", async () => {
    const networks = [network("a"), network("b")];
    const images = tf.randomUniform<tf.Rank.R4>([4, SIDE, SIDE, 3]);
    const each = networks.map((one) => tf.softmax(one.forward(images, { training: false })));
    const both = await ensemble(networks).logits(images, LABELS);
    const alone = await ensemble(networks.slice(0, 1)).logits(images, LABELS);
    expectClose(tf.softmax(both), tf.div(tf.add(each[0]!, each[1]!), 2), { atol: 1e-6 });
    expectClose(tf.sum(tf.exp(both), 1), [1, 1, 1, 1], { atol: 1e-6 });
    const cold = networks[0]!.forward(images, { training: false });
    expectClose(tf.softmax(tf.div(alone, 0.1)), tf.softmax(tf.div(cold, 0.1)), { atol: 1e-5 });
    tf.dispose([images, each, both, alone, cold]);
    for (const one of networks) one.dispose();
  });

  it("cached logits answer by index", async () => {
    const teacher = cachedTeacher(
      Float32Array.from({ length: 12 }, (_, i) => i),
      CLASSES,
    );
    const logits = await teacher.logits(tf.zeros([2, 1, 1, 1]), Int32Array.of(3, 0));
    expectClose(logits, [9, 10, 11, 0, 1, 2], { atol: 0 });
    await expect(teacher.logits(tf.zeros([1, 1, 1, 1]), Int32Array.of(4))).rejects.toThrow(
      "cachedTeacher: there are logits of 4 images, and none of image 4.",
    );
    expect(() => cachedTeacher(new Float32Array(10), 3)).toThrow("`logits` must hold rows of 3; received 10 numbers.");
    expect(() => ensemble([])).toThrow("ensemble: `networks` must hold one network or more; received none.");
    const [three, four] = [network("a"), network("b", { classCount: 4 })];
    expect(() => ensemble([three, four])).toThrow("the first knows 3, network 1 knows 4. Leave it out.");
    for (const owner of [logits, three, four]) owner.dispose();
  });

  it("a student without an opinion pays τ² ln K for each image that counts, whatever it is taught", async () => {
    const student = network("student", { zeroInit: true });
    // Image 2 comes first: sure of class 0, image 0 of class 1; of images 3 and 1 nothing is known.
    const teacher = cachedTeacher(Float32Array.of(0, 9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0), CLASSES);
    const plain = await stepOf({ teacher, student, temperature: 0.5 });
    expect(plain.loss).toBeCloseTo(0.25 * Math.log(3), 5);
    const sharp = await stepOf({ teacher, student, temperature: 0.5, teacherTemperature: 0.1, minConfidence: 0.9 });
    expect(sharp.loss).toBeCloseTo(0.25 * Math.log(3) * 0.5, 5);
    expect(sharp.confident).toBe(0.5);
    expect(sharp).toMatchObject({ teacherAccuracy: 0.5, studentAccuracy: 0.5 }); // labels 0 and 2; equal logits say 0
    expect(plain.agreement).toBe(0.75);
    const sure = 1 / (1 + 2 * Math.exp(-9));
    const entropy = -sure * Math.log(sure) - 2 * Math.exp(-9) * sure * Math.log(Math.exp(-9) * sure);
    expect(plain.teacherEntropy).toBeCloseTo((2 * entropy + 2 * Math.log(3)) / 4, 5);
    student.dispose();
  });

  it("steps of the student alone leave the teacher's images as they are", async () => {
    const seen: Float32Array[] = [];
    const student = network("student");
    const eyes: Teacher = {
      classCount: CLASSES,
      async logits(images) {
        seen.push((await images.data()) as Float32Array);
        return tf.tidy(() => student.forward(images, { training: false }));
      },
    };
    const dark = defineAugmentation({ name: "dark", apply: (images) => tf.zerosLike(images) });
    await stepOf({ teacher: eyes, student, temperature: 1 });
    const before = tf.memory().numTensors;
    const blind = await stepOf({ teacher: eyes, student, temperature: 1, studentRecipe: [dark] });
    expect(tf.memory().numTensors).toBe(before);
    expect(seen[1]).toEqual(seen[0]);
    // Batch norm makes all channels of equal images 0, so that the student sees nothing but its bias of 0.
    expect(blind.loss).toBeCloseTo(Math.log(3), 4);
    student.dispose();
  });
});
