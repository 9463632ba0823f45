import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { Random, readWeights } from "@simclr/core";
import { variableGradients } from "@simclr/ops";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { BatchStatistics } from "./batch-statistics.js";
import { resNet } from "./res-net.js";

const random = Random.fromSeed(5);
const network = { depth: 18, widthMultiplier: 1 / 16, stem: "cifar", random } as const;
const stages = ["stem", "group1", "group2", "group3", "group4"];

describeBackends(["cpu", "onednn"], () => {
  it.each([-1, 0, 2, 4])(
    "%d trains what comes after, and leaves what comes before as it is, bit for bit",
    async (after) => {
      const encoder = resNet({ ...network, fineTuneAfter: after });
      const images = tf.randomUniform<tf.Rank.R4>([4, 8, 8, 3], 0, 1, "float32", 4);
      const top = tf.variable(tf.ones([encoder.featureDimension, 2]));
      const before = await readWeights(encoder.weights);
      const trained = encoder.weights.filter(({ variable }) => variable.trainable);
      for (let step = 0; step < 2; step++) {
        const statistics = new BatchStatistics();
        const { value, grads } = variableGradients(() => {
          const { pooled } = encoder.forward(images, { training: true, statistics });
          return tf.sum(tf.square(tf.matMul(pooled, top as tf.Tensor as tf.Tensor2D)));
        }, [...trained.map(({ variable }) => variable), top]);
        for (const variable of [...trained.map((weight) => weight.variable), top])
          tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 1e-2))));
        statistics.apply();
        tf.dispose([value, grads]);
      }
      const now = await readWeights(encoder.weights);
      for (const [index, stage] of stages.entries()) {
        const names = Object.keys(now).filter((name) => name.startsWith(`encoder/${stage}/`));
        // Running statistics and gammas move in every trained layer; the last gammas, 0 at first, do so from the second step on.
        const moving = names.filter((name) => /(gamma|movingMean)$/.test(name));
        expect(moving.length).toBeGreaterThan(0);
        for (const name of names) if (index <= after) expect(now[name], name).toEqual(before[name]);
        for (const name of moving) if (index > after) expect(now[name]!.data, name).not.toEqual(before[name]!.data);
      }
      tf.dispose([images, top]);
      encoder.dispose();
    },
  );

  it("uses running statistics in what is frozen, and records no step of it", () => {
    const encoder = resNet({ ...network, fineTuneAfter: 4 });
    const images = tf.randomUniform<tf.Rank.R4>([4, 8, 8, 3], 0, 1, "float32", 4);
    const training = encoder.forward(images, { training: true });
    const inference = encoder.forward(images, { training: false });
    expectClose(training.pooled, inference.pooled, { atol: 0 });
    let held = 0;
    const top = tf.variable(tf.scalar(1));
    const { value, grads } = variableGradients(() => {
      const before = tf.memory().numTensors;
      const { pooled } = encoder.forward(images, { training: true });
      held = tf.memory().numDataBuffers - before;
      return tf.sum(tf.mul(pooled, top));
    }, [top]);
    expect(held).toBeLessThanOrEqual(encoder.endpoints.length); // and nothing for a backward pass
    expectClose(grads[top.name]!, tf.sum(inference.pooled), { rtol: 1e-6 });
    tf.dispose([training, inference, value, grads, images, top]);
    encoder.dispose();
  });

  it("refuses a stage that is not there", () => {
    expect(() => resNet({ ...network, fineTuneAfter: 5 })).toThrow(
      "resNet: `fineTuneAfter` must be in [-1, 4]; received 5. 4 freezes the whole encoder.",
    );
  });
});
