import "@simclr/ops/register"; // gradients
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLoss } from "@simclr/losses/testing";
import * as tf from "@tensorflow/tfjs-core";
import { loss } from "../dist/index.js";

const valueAt = (z1, z2, options) => tf.tidy(() => loss.loss([tf.tensor2d(z1), tf.tensor2d(z2)], options).arraySync());

test("keeps the promises of a loss", async () => {
  const values = (random) => Array.from({ length: 20 }, () => random.normal());
  const view = (random) => tf.tensor2d(values(random), [5, 4]);
  const tested = await checkLoss(loss, {
    inputs: (random) => [view(random), view(random)],
    differentiable: [0, 1],
    rowOrder: [[0, 1]],
    viewSymmetry: [[0, 1]],
  });
  assert.ok(tested.includes("gradient"));
});

test("is what algebra says", () => {
  const alike = [
    [1, 2],
    [1, 2],
    [1, 2],
  ];
  assert.ok(Math.abs(valueAt(alike, alike) - Math.log(3)) < 1e-5); // nothing tells the images apart
  const apart = [
    [3, 0],
    [0, 5],
  ];
  // Right angles, T = 1: each partner has the logit 1, the other image 0.
  assert.ok(Math.abs(valueAt(apart, apart, { temperature: 1 }) - (Math.log(Math.E + 1) - 1)) < 1e-5);
});
