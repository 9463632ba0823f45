import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@simclr/core";
import { checkEncoder } from "@simclr/models/testing";
import * as tf from "@tensorflow/tfjs-core";
import { vitTiny } from "../dist/index.js";

const random = Random.fromSeed(1);
const SMALL = { patchSize: 4, dimension: 8, blocks: 2, heads: 2 };

test("keeps the promises of an encoder", async () => {
  const tested = await checkEncoder(vitTiny, { imageSize: 8, channels: 4, options: SMALL });
  assert.ok(tested.includes("gradient"));
});

test("has as many parameters as ViT-Ti of patch 16 at 224 pixels", () => {
  const encoder = vitTiny.build({ imageSize: 224, channels: 3, random });
  const count = encoder.weights.reduce((sum, { variable }) => sum + variable.size, 0);
  // As published, less the classifier of 1000 classes, the class token and its position.
  assert.equal(count, 5_717_416 - 193_000 - 2 * 192);
  encoder.dispose();
});

test("sees a set of patches but for their positions", () => {
  const encoder = vitTiny.build({ imageSize: 8, channels: 3, options: SMALL, random });
  const position = encoder.weights.find(({ name }) => name === "encoder/position").variable;
  const distance = () =>
    tf.tidy(() => {
      const image = tf.randomUniform([1, 8, 8, 3], 0, 1, "float32", 1);
      const swapped = tf.concat(tf.split(image, 2, 1).reverse(), 1); // upper and lower patches
      const [h, other] = [image, swapped].map((x) => encoder.forward(x, { training: false }).pooled);
      return tf.max(tf.abs(tf.sub(h, other))).dataSync()[0];
    });
  tf.tidy(() => position.assign(tf.randomUniform(position.shape, -1, 1, "float32", 2)));
  assert.ok(distance() > 1e-2);
  tf.tidy(() => position.assign(tf.zeros(position.shape)));
  assert.ok(distance() < 1e-5);
  encoder.dispose();
});

test("says what does not fit", () => {
  const build = (options, imageSize = 8) => vitTiny.build({ imageSize, channels: 3, options, random });
  assert.throws(() => build({ patchSize: 3 }), /`patchSize` must divide the image's 8 pixels; received 3/);
  assert.throws(() => build({ ...SMALL, heads: 3 }), /`heads` must divide `dimension`, 8; received 3/);
});
