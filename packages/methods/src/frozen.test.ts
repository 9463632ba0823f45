import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { fineTune } from "@simclr/augment";
import { Random, type RawBatch, readWeights, singleProcess } from "@simclr/core";
import { classifier, classifierNetwork, projectionHead, resNet } from "@simclr/models";
import { lars, momentumSgd } from "@simclr/optim";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { supervised } from "./supervised.js";

const SIDE = 8;
const random = Random.fromSeed(5);
const optimizers = { momentumSgd: { make: momentumSgd }, lars: { make: lars } } as const;

const batch: RawBatch = {
  kind: "raw",
  images: Uint8Array.from({ length: 4 * SIDE * SIDE * 3 }, (_, i) => (i * 37) % 256),
  shape: [4, SIDE, SIDE, 3],
  indices: Int32Array.of(0, 1, 2, 3),
  labels: Int32Array.of(0, 1, 0, 1),
};

describeBackends(["cpu", "onednn"], () => {
  it.each([
    ["momentumSgd", 2, false],
    ["lars", 4, true],
  ] as const)(
    "%s with weight decay and momentum leaves what fineTuneAfter %d freezes bit for bit as it was",
    async (name, fineTuneAfter, freezeHead) => {
      const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize: SIDE, fineTuneAfter, random });
      const head = projectionHead({ inputDimension: encoder.featureDimension, isFrozen: freezeHead, random });
      const top = classifier({ inputDimension: head.dimensionAfter(1), classCount: 2, random });
      const network = classifierNetwork({ encoder, head, headLayers: 1, classifier: top });
      const task = supervised({ network, recipe: fineTune({ size: SIDE }) });
      const optimizer = optimizers[name].make({ momentum: 0.9, weightDecay: 0.01 });
      const before = await readWeights(network.weights);
      for (let step = 0; step < 3; step++) {
        const context = { step, epoch: 0, stepInEpoch: step, totalSteps: 3, random, communicator: singleProcess() };
        const { loss, gradients, metrics, commit } = await task.step(batch, context);
        optimizer.apply(task.weights, gradients, 0.1);
        commit?.();
        tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
      }
      const now = await readWeights(network.weights);
      const frozen = ["encoder/stem", ...[1, 2, 3, 4].slice(0, fineTuneAfter).map((k) => `encoder/group${k}`)];
      if (freezeHead) frozen.push("head");
      const isFrozen = (path: string): boolean => frozen.some((prefix) => path.startsWith(`${prefix}/`));
      const changed = Object.keys(now).filter((path) => now[path]!.data.some((v, i) => v !== before[path]!.data[i]));
      expect(changed.filter(isFrozen)).toEqual([]);
      // All that is not frozen has moved: kernels, gammas, betas, running statistics, the classifier.
      expect(changed).toEqual(Object.keys(now).filter((path) => !isFrozen(path)));
      expect(task.weights.filter(({ name: path }) => isFrozen(path))).toEqual([]);
      expect(optimizer.slots().length).toBe(task.weights.length);
      optimizer.dispose();
      network.dispose();
    },
  );
});
