import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@simclr/core";
import { checkEncoder, checkHead } from "@simclr/models/testing";
import * as tf from "@tensorflow/tfjs-core";
import { convNet, layerNormHead } from "../dist/index.js";

const random = Random.fromSeed(1);

test("conv-net keeps the promises of an encoder", async () => {
  const tested = await checkEncoder(convNet, { imageSize: 9, channels: 4, options: { width: 4 } });
  assert.ok(tested.includes("gradient"));
});

test("conv-net is as large as it says", () => {
  const encoder = convNet.build({ imageSize: 32, channels: 3, random });
  const count = encoder.weights
    .filter(({ role }) => role !== "statistic")
    .reduce((sum, { variable }) => sum + variable.size, 0);
  assert.equal(count, 93_472); // kernels 9 (3·32 + 32·64 + 64·128), gamma and beta 2 (32 + 64 + 128)
  assert.equal(encoder.featureDimension, 128);
  assert.throws(() => convNet.build({ imageSize: 7, channels: 3, random }), /3 layers need images of 8 pixels or more/);
  encoder.dispose();
});

test("layer-norm-head keeps the promises of a head", async () => {
  await checkHead(layerNormHead, { inputDimension: 6, options: { lengths: [5, 4] } });
});

test("layer-norm-head gives rows of mean 0 and variance 1 at first, whatever else is in the batch", () => {
  const head = layerNormHead.build({ inputDimension: 3, options: { lengths: [4, 8] }, random });
  const values = tf.tidy(() => {
    const z = head.forward(tf.tensor2d([1, -2, 3, 40, 50, 60], [2, 3]), { training: true }).at(-1);
    const { mean, variance } = tf.moments(z, 1);
    return [...mean.dataSync(), ...variance.dataSync()];
  });
  for (const [i, expected] of [0, 0, 1, 1].entries()) assert.ok(Math.abs(values[i] - expected) < 1e-3, String(values));
  assert.equal(head.dimensionAfter(1), 4);
  assert.throws(
    () => layerNormHead.build({ inputDimension: 3, options: { lengths: [] }, random }),
    /`lengths` must be integers >= 2, one or more; received \[\]/,
  );
  head.dispose();
});
