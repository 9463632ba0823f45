import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { checkMethod } from "./check-method.js";
import {
  defineMethod,
  type Method,
  type MethodDefinition,
  type MethodParts,
  type MethodStep,
} from "./define-method.js";
import type { MethodName } from "./methods.js";
import { methods } from "./methods.js";
import { project } from "./project.js";

const OPTIONS: Partial<Record<MethodName, object>> = {
  "simclr-v2": { queueSize: 64 },
  "moco-v2": { queueSize: 64 },
  swav: { prototypes: 6, smallSize: 8 },
};
/** SwAV's small views are half as large. */
const SIZES: Partial<Record<MethodName, number>> = { swav: 16 };

type Definition = MethodDefinition<z.ZodObject, MethodParts>;

/** Alignment of two views, changed. */
function alignment(change: (step: MethodStep, network: Parameters<Definition["step"]>[0]) => Partial<MethodStep>) {
  return defineMethod({
    name: "alignment",
    options: z.object({}),
    build: () => ({}),
    step(network) {
      const step: MethodStep = {
        encode: (views, pass) => ({ projections: project(network, views, pass) }),
        loss: ({ rows: [z1, z2] }) => tf.tidy(() => tf.mean(tf.squaredDifference(z1!, z2!)) as tf.Scalar),
      };
      return { ...step, ...change(step, network) };
    },
  });
}

describe("checkMethod", () => {
  beforeAll(() => tf.setBackend("onednn"));

  it.each(Object.keys(methods) as MethodName[])("%s keeps its promises", async (name) => {
    const method: Method = methods[name];
    const before = tf.memory().numTensors;
    await expect(checkMethod(method, { options: OPTIONS[name], size: SIZES[name] })).resolves.toEqual([
      "step",
      "repeatable",
      "commit",
      "memory",
      "image by image",
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes images of four channels", async () => {
    await checkMethod(
      alignment(() => ({})),
      { channels: 4, only: ["step"] },
    );
  });

  it.each([
    [
      "a loss that is not finite",
      alignment(() => ({ loss: ({ rows: [z1] }) => tf.tidy(() => tf.mean(tf.div(z1!, 0)) as tf.Scalar) })),
      /1 of 1 checks failed.*\n- step: the loss must be finite; received (NaN|-?Infinity)/,
      "step",
    ],
    [
      "no gradient to the encoder",
      alignment((step) => ({
        encode(views, pass) {
          const { projections } = step.encode(views, pass);
          return { projections, rows: projections.map((z) => tf.mul<tf.Tensor2D>(z, 0)) };
        },
      })),
      /- step: a gradient must reach the encoder; all of its gradients are 0/,
      "step",
    ],
    [
      "draws of its own",
      alignment(({ loss }) => ({
        loss: (encoded, targets) => tf.tidy(() => tf.mul(loss(encoded, targets), Math.random()) as tf.Scalar),
      })),
      /- repeatable: the same images and random streams must give the same loss; received \S+, then \S+/,
      "repeatable",
    ],
    [
      "weights that move too early",
      alignment((step, { encoder }) => ({
        loss(encoded, targets) {
          const { variable } = encoder.weights[0]!;
          variable.assign(tf.tidy(() => tf.add(variable, 1)));
          return step.loss(encoded, targets);
        },
      })),
      /- commit: encoder\/\S+ must not move before `commit`; a step that was given up changed it/,
      "commit",
    ],
    [
      "tensors left in `commit`",
      alignment(() => ({ commit: () => void tf.scalar(1) })),
      /- memory: a step that was committed must leave no tensor; it left 1\. Use tf\.tidy/,
      "memory",
    ],
    [
      "an encoding that looks at the batch",
      alignment((step) => ({
        encode(views, pass) {
          const { projections } = step.encode(views, pass);
          return { projections, rows: projections.map((z) => tf.tidy(() => tf.sub(z, tf.mean(z, 0)) as tf.Tensor2D)) };
        },
      })),
      /- image by image: `encode`: rows must not depend on the other images of the batch; halves of it give values up to/,
      "image by image",
    ],
  ] as const)("says what is wrong: %s", async (_, method, message, promise) => {
    await expect(checkMethod(method, { size: 8, only: [promise] })).rejects.toThrow(message);
  });
});
