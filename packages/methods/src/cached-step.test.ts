import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { cifar, simclrV2 } from "@simclr/augment";
import { readWeights } from "@simclr/core";
import { ntXentLoss } from "@simclr/losses";
import { BatchStatistics } from "@simclr/models";
import { expectClose, expectCloseToLargest } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { batch, context, network, networkWithoutNorm, random, SIDE } from "../test/tiny.js";
import { batchParts, drawViews } from "./batch-parts.js";
import type { Method } from "./define-method.js";
import { trainable, weightGradients } from "./gradients.js";
import { methodTask } from "./method-task.js";
import { methods } from "./methods.js";
import { project } from "./project.js";

// Blurred with one sigma for the batch, which the parts must share.
const recipe = simclrV2({ size: SIDE });

type Gradients = Readonly<Record<string, tf.Tensor>>;

function expectSameGradients(actual: Gradients, expected: Gradients): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, gradient] of Object.entries(expected)) expectCloseToLargest(actual[name]!, gradient, 1e-5);
}

async function gradientsOf(method: Method, size: number, microBatch?: number, options = {}) {
  const net = networkWithoutNorm();
  const task = methodTask({ method, options, ...net, recipe, random, microBatch });
  const { loss, gradients, metrics, discard } = await task.step(batch(size), context(1));
  discard?.();
  task.dispose();
  net.dispose();
  return { loss, gradients, metrics: metrics as Record<string, tf.Scalar> };
}

describe("gradient caching", () => {
  beforeAll(() => tf.setBackend("onednn"));

  it("of 4 x 64 images gives the gradient of 256 without batch norm", async () => {
    const [cached, whole] = [await gradientsOf(methods.simclr, 256, 64), await gradientsOf(methods.simclr, 256)];
    expectSameGradients(cached.gradients, whole.gradients);
    expectClose(cached.loss, whole.loss, { rtol: 1e-6 });
    for (const [name, value] of Object.entries(whole.metrics))
      expectClose(cached.metrics[name]!, value, { atol: 1e-5 });
  });

  it.each([
    ["dcl", {}],
    ["barlow-twins", {}],
    ["vicreg", {}],
    ["swav", { prototypes: 5, smallSize: 4 }],
  ] as const)("holds for %s", async (name, options) => {
    const method: Method = methods[name];
    const [cached, whole] = [
      await gradientsOf(method, 32, 8, options),
      await gradientsOf(method, 32, undefined, options),
    ];
    expectSameGradients(cached.gradients, whole.gradients);
    expectClose(cached.loss, whole.loss, { rtol: 1e-5 });
  });

  it("of 4 x 64 images gives the gradient of 256 whose batch norm normalises in groups of 64", async () => {
    const net = network();
    const own = methodTask({ method: methods.simclr, ...net, recipe, random, microBatch: 64 });
    const before = await readWeights(own.state);
    const { loss, gradients, metrics, commit } = await own.step(batch(256), context(1));
    expect(await readWeights(own.state)).toEqual(before); // nothing moves before commit

    // The same on one tape: the four groups one after another, then one loss.
    const weights = trainable(own.state);
    const recorded = [0, 1, 2, 3].map(() => new BatchStatistics());
    const groups = batchParts(batch(256), 64).map((part) => drawViews(part, own.views, context(1)));
    const expected = weightGradients(() => {
      const z = groups.map((group, i) => project(net, group, { training: true, statistics: recorded[i]! }));
      const views = [0, 1].map((v) =>
        tf.concat2d(
          z.map((part) => part[v]!),
          0,
        ),
      );
      return ntXentLoss(views[0]!, views[1]!);
    }, weights);
    expectSameGradients(gradients, expected.gradients);
    expectClose(loss, expected.loss, { rtol: 1e-6 });

    // Running statistics move once: 0.9 of the old and 0.1 of the groups' mean.
    commit?.();
    const after = await readWeights(own.state.filter(({ role }) => role === "statistic"));
    const moved: Record<string, Float32Array[]> = {};
    for (const statistics of recorded) {
      for (const { name, variable } of own.state) variable.assign(tf.tensor(before[name]!.data, variable.shape));
      statistics.apply();
      const one = await readWeights(own.state.filter(({ role }) => role === "statistic"));
      for (const [name, { data }] of Object.entries(one)) moved[name] = [...(moved[name] ?? []), data];
    }
    for (const [name, { data }] of Object.entries(after)) {
      const mean = data.map((_, i) => moved[name]!.reduce((sum, group) => sum + group[i]! / 4, 0));
      expectClose(data, mean, { atol: 1e-6, rtol: 1e-5 });
    }
    tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>, expected.loss, expected.gradients, groups]);
    own.dispose();
    net.dispose();
  });

  it("normalises each view by itself with statisticsParts 2, alone and in parts", async () => {
    const net = network();
    const images = batch(16);
    const expected = tf.tidy(() => {
      const views = drawViews(images, [recipe, recipe], context(1));
      const [z1, z2] = views.map((view) => project(net, [view], { training: true })[0]!);
      return ntXentLoss(z1!, z2!).dataSync();
    });
    for (const microBatch of [undefined, 16]) {
      const options = { method: methods.simclr, ...net, recipe, random, microBatch };
      const own = methodTask({ ...options, statisticsParts: 2 });
      const { loss, discard, gradients, metrics } = await own.step(images, context(1));
      expectClose(loss, expected, { rtol: 1e-6 });
      discard?.();
      tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
      own.dispose();
    }
    // In parts, each group's views apart: the groups' own passes, one view at a time.
    const halves = tf.tidy(() => {
      const z = batchParts(images, 8).map((part) =>
        drawViews(part, [recipe, recipe], context(1)).map((view) => project(net, [view], { training: true })[0]!),
      );
      const [z1, z2] = [0, 1].map((v) =>
        tf.concat2d(
          z.map((part) => part[v]!),
          0,
        ),
      );
      return ntXentLoss(z1!, z2!).dataSync();
    });
    const own = methodTask({ method: methods.simclr, ...net, recipe, random, microBatch: 8, statisticsParts: 2 });
    const { loss, discard, gradients, metrics } = await own.step(images, context(1));
    expectClose(loss, halves, { rtol: 1e-6 });
    discard?.();
    tf.dispose([loss, gradients, metrics as Record<string, tf.Tensor>]);
    own.dispose();
    net.dispose();
  });

  it("is not what accumulating gradients of parts would give, which see fewer negatives", async () => {
    const net = networkWithoutNorm();
    const task = methodTask({ method: methods.simclr, ...net, recipe, random });
    const accumulated: Record<string, tf.Tensor> = {};
    for (const part of batchParts(batch(64), 16)) {
      const { gradients } = await task.step(part, context(1));
      for (const [name, gradient] of Object.entries(gradients))
        accumulated[name] = tf.add(accumulated[name] ?? 0, tf.div(gradient, 4));
    }
    const whole = await task.step(batch(64), context(1));
    const kernel = whole.gradients["encoder/kernel"]!;
    const largest = tf.max(tf.abs(kernel)).dataSync()[0]!;
    const off = tf.max(tf.abs(tf.sub(accumulated["encoder/kernel"]!, kernel))).dataSync()[0]!;
    expect(off).toBeGreaterThan(0.05 * largest);
    net.dispose();
  });

  it.each(["simsiam", "byol", "simclr-v2", "moco-v2", "swav"] as const)(
    "of %s leaves no tensor behind",
    async (name) => {
      const method: Method = methods[name];
      const net = network({ outputNorm: method.outputNorm });
      const options = name.endsWith("v2") ? { queueSize: 32 } : {};
      const task = methodTask({ method, options, ...net, recipe: cifar({ size: SIDE * 2 }), random, microBatch: 4 });
      const counts: number[] = [];
      for (const end of ["commit", "discard", "commit"] as const) {
        const result = await task.step(batch(8), context(2));
        expect(Object.keys(result.gradients).sort()).toEqual(task.weights.map((weight) => weight.name).sort());
        result[end]?.();
        tf.dispose([result.loss, result.gradients, result.metrics as Record<string, tf.Tensor>]);
        counts.push(tf.memory().numTensors);
      }
      expect(new Set(counts).size).toBe(1);
      await expect(task.step(batch(6), context(3))).rejects.toThrow(
        "methodTask: a batch must have a multiple of `microBatch`, 4 images; received 6. Choose a batch size that 4 divides.",
      );
      expect(tf.memory().numTensors).toBe(counts[0]);
      task.dispose();
      net.dispose();
    },
  );
});
