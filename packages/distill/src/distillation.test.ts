import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { fineTune } from "@simclr/augment";
import { Random, type RawBatch, readWeights, singleProcess } from "@simclr/core";
import { classifier, classifierNetwork, resNet } from "@simclr/models";
import { momentumSgd } from "@simclr/optim";
import { describeBackends } from "@simclr/test-utils";
import type { StepContext } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { distillation } from "./distillation.js";

const SIDE = 8;
const BATCH = 6;
const random = Random.fromSeed(3);

function batch(): RawBatch {
  const draws = random.fork("images");
  const images = Uint8Array.from({ length: BATCH * SIDE * SIDE * 3 }, () => draws.integer(0, 256));
  const indices = Int32Array.from({ length: BATCH }, (_, i) => i);
  return { kind: "raw", images, shape: [BATCH, SIDE, SIDE, 3], indices, labels: Int32Array.of(0, -1, 2, -1, -1, 1) };
}

const context = (step: number): StepContext => ({
  step,
  epoch: 0,
  stepInEpoch: step,
  totalSteps: 12,
  random,
  communicator: singleProcess(),
});

function network(seed: string, classCount = 3, widthMultiplier = 0.0625) {
  const own = random.fork(seed);
  const encoder = resNet({ depth: 18, widthMultiplier, imageSize: SIDE, random: own });
  return classifierNetwork({
    encoder,
    classifier: classifier({ inputDimension: encoder.featureDimension, classCount, zeroInit: false, random: own }),
  });
}

describeBackends(["cpu", "onednn"], () => {
  for (const alpha of [1, 0.5]) {
    it(`lowers the loss with alpha ${alpha}, never touches the teacher, and keeps the number of tensors`, async () => {
      const [teacher, student] = [network("teacher"), network("student")];
      const before = await readWeights(teacher.weights);
      const task = distillation({ teacher, student, recipe: fineTune({ size: SIDE }), temperature: 0.5, alpha });
      const optimizer = momentumSgd({ momentum: 0.9 });
      const losses: number[] = [];
      const tensors = new Set<number>();
      for (let step = 0; step < 12; step++) {
        const { loss, gradients, metrics, commit } = await task.step(batch(), context(step));
        optimizer.apply(task.weights, gradients, 0.05);
        commit?.();
        losses.push((await loss.data())[0]!);
        tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
        tensors.add(tf.memory().numTensors);
      }
      expect(losses.at(-1)!).toBeLessThan(losses[0]!);
      expect(tensors.size).toBe(1);
      expect(await readWeights(teacher.weights)).toEqual(before);
      for (const owner of [optimizer, teacher, student]) owner.dispose();
    });
  }

  it("reports an entropy between 0 and ln K, and an agreement that is a share", async () => {
    const [teacher, student] = [network("teacher"), network("student")];
    const task = distillation({ teacher, student, recipe: fineTune({ size: SIDE }), temperature: 1 });
    const { loss, gradients, metrics, discard } = await task.step(batch(), context(0));
    const entropy = (await (metrics.teacherEntropy as tf.Scalar).data())[0]!;
    const agreement = (await (metrics.agreement as tf.Scalar).data())[0]!;
    expect(entropy).toBeGreaterThan(0);
    expect(entropy).toBeLessThanOrEqual(Math.log(3) + 1e-6);
    expect(Math.abs(agreement * BATCH - Math.round(agreement * BATCH))).toBeLessThan(1e-5);
    discard?.();
    tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
    for (const owner of [teacher, student]) owner.dispose();
  });
});

it("refuses a student with other classes, a temperature of 0 and an alpha above 1", async () => {
  await tf.setBackend("cpu");
  const [teacher, student] = [network("teacher"), network("student", 4)];
  const recipe = fineTune({ size: SIDE });
  expect(() => distillation({ teacher, student, recipe, temperature: 1 })).toThrow(
    "distillation: the student must have the teacher's 3 classes; it has 4.",
  );
  expect(() => distillation({ teacher, student: teacher, recipe, temperature: 0 })).toThrow(
    "distillation: `temperature` must be a finite number > 0; received 0.",
  );
  expect(() => distillation({ teacher, student: teacher, recipe, temperature: 1, alpha: 2 })).toThrow(
    "distillation: `alpha` must be in [0, 1]; received 2.",
  );
  for (const owner of [teacher, student]) owner.dispose();
});
