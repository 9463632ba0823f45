import "@simclr/ops/register"; // gradients
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@simclr/core";
import { checkEncoder } from "@simclr/models/testing";
import { encoder } from "../dist/index.js";

test("keeps the promises of an encoder", async () => {
  const tested = await checkEncoder(encoder, { imageSize: 9, channels: 3, options: { width: 4 } });
  assert.ok(tested.includes("gradient"));
});

test("is as large as it says", () => {
  const built = encoder.build({ imageSize: 16, channels: 3, random: Random.fromSeed(1) });
  const trained = built.weights.filter(({ role }) => role !== "statistic");
  const count = trained.reduce((sum, { variable }) => sum + variable.size, 0);
  assert.equal(count, 23_696); // kernels 9 (3·16 + 16·32 + 32·64), gamma and beta 2 (16 + 32 + 64)
  assert.equal(built.featureDimension, 64);
  built.dispose();
});

test("says what is wrong", () => {
  const small = { imageSize: 7, channels: 3, random: Random.fromSeed(1) };
  assert.throws(() => encoder.build(small), /3 layers need images of 8 pixels or more; received 7/);
});
