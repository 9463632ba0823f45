import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { augment } from "@simclr/augment";
import { checkAugmentation } from "@simclr/augment/testing";
import { Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { bandGain } from "../dist/index.js";

const keys = { random: Random.fromSeed(1), epoch: 0, step: 0, view: 0, indices: [0, 1, 2, 3] };

test("keeps the contract of an augmentation", async () => {
  await checkAugmentation(bandGain, { imageShape: [8, 8, 4] });
  await checkAugmentation(bandGain.with({ visible: 1, probability: 1 }), { imageShape: [8, 8, 4] });
});

test("multiplies by what it records, red, green and blue alike", async () => {
  const drawn = [];
  const images = tf.fill([4, 1, 1, 4], 0.5);
  const views = augment(images, [bandGain.with({ probability: 1 })], keys, {
    record: (place, { light, heat }) => drawn.push([place, light, heat]),
  });
  const pixels = (await views.array()).map(([[pixel]]) => pixel);
  assert.equal(drawn.length, 4);
  for (const [place, light, heat] of drawn) {
    assert.ok(light >= 0.6 && light <= 1.4 && heat >= 0.8 && heat <= 1.2);
    for (const [band, value] of pixels[place].entries())
      assert.ok(Math.abs(value - 0.5 * (band < 3 ? light : heat)) < 1e-6); // one float32 product
  }
  tf.dispose([images, views]);
});

test("says what is wrong", () => {
  assert.throws(() => bandGain.with({ visible: 2 }), /`visible` must be in \[0, 1\]; received 2/);
  assert.throws(
    () => augment(tf.zeros([4, 2, 2, 3]), [bandGain], keys),
    /must have 4 channels, near infrared last; received 3/,
  );
});
