import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLoss } from "@simclr/losses/testing";
import * as tf from "@tensorflow/tfjs-core";
import { alignmentUniformity } from "../dist/index.js";

const valueAt = (z1, z2, options) =>
  tf.tidy(() => alignmentUniformity.loss([tf.tensor2d(z1), tf.tensor2d(z2)], options).arraySync());

test("keeps the promises of a loss", async () => {
  const view = (random) =>
    tf.tensor2d(
      Array.from({ length: 20 }, () => random.normal()),
      [5, 4],
    );
  const tested = await checkLoss(alignmentUniformity, {
    inputs: (random) => [view(random), view(random)],
    differentiable: [0, 1],
    rowOrder: [[0, 1]],
    viewSymmetry: [[0, 1]],
  });
  assert.ok(tested.includes("gradient"));
});

test("is what algebra says", () => {
  // Two images at right angles, views alike: no distance, and one pair at squared distance 2, so U = -2t.
  const apart = [
    [3, 0],
    [0, 5],
  ];
  assert.ok(Math.abs(valueAt(apart, apart) - -4) < 1e-5);
  assert.ok(Math.abs(valueAt(apart, apart, { t: 1, weight: 3 }) - -6) < 1e-5);
  // The views of both images swapped: each 2 away from its partner, uniformity as before.
  assert.ok(Math.abs(valueAt(apart, apart.toReversed()) - -2) < 1e-5);
});
