import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAugmentation } from "@simclr/augment/testing";
import { checkMethod } from "@simclr/methods/testing";
import * as tf from "@tensorflow/tfjs-core";
import { quarterTurns, rotationPrediction } from "../dist/index.js";

test("keeps the promises of a method", async () => {
  const tested = await checkMethod(rotationPrediction, { options: { labelSmoothing: 0.1 } });
  assert.ok(tested.includes("image by image"));
});

test("turns as numpy.rot90 does", async () => {
  const square = [
    [1, 2],
    [3, 4],
  ];
  const turned = (turns) =>
    tf.tidy(() => {
      const images = tf.reshape(tf.tensor2d(square), [1, 2, 2, 1]);
      const context = { randoms: [] };
      return tf.reshape(quarterTurns.with({ turns }).apply(images, context), [4]).arraySync();
    });
  assert.deepEqual(turned(0), [1, 2, 3, 4]);
  assert.deepEqual(turned(1), [2, 4, 1, 3]);
  assert.deepEqual(turned(2), [4, 3, 2, 1]);
  assert.deepEqual(turned(3), [3, 1, 4, 2]);
  for (const turns of [1, 2, 3]) await checkAugmentation(quarterTurns.with({ turns }));
});
