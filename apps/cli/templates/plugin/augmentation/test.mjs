import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { augment } from "@simclr/augment";
import { checkAugmentation } from "@simclr/augment/testing";
import { Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { augmentation } from "../dist/index.js";

test("keeps the contract of an augmentation", async () => {
  await checkAugmentation(augmentation);
  await checkAugmentation(augmentation.with({ low: 0 }), { imageShape: [8, 8, 1] });
});

test("darkens within the given range", async () => {
  const keys = { random: Random.fromSeed(1), epoch: 0, step: 0, view: 0, indices: [0, 1, 2, 3] };
  const images = tf.ones([4, 1, 1, 3]);
  const views = augment(images, [augmentation.with({ low: 0.8 })], keys);
  const values = [...(await views.data())];
  assert.ok(values.every((value) => value >= 0.8 && value <= 1));
  assert.equal(new Set(values).size, 4); // one factor for each image
  tf.dispose([images, views]);
});

test("says what is wrong", () => {
  assert.throws(() => augmentation.with({ low: 2 }), /`low` must be in \[0, 1\]; received 2/);
});
