import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@simclr/core";
import { checkMethod } from "@simclr/methods/testing";
import { projectionHead, resNet } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import { rotationPrediction } from "../dist/index.js";

test("keeps the promises of a method", async () => {
  const tested = await checkMethod(rotationPrediction, { options: { labelSmoothing: 0.1 } });
  assert.ok(tested.includes("image by image"));
});

test("shows every image in its four positions, and measures the guesses by them", () => {
  const random = Random.fromSeed(0);
  const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize: 8, random });
  const head = projectionHead({ inputDimension: encoder.featureDimension, layers: 1, outputDimension: 4, random });
  const built = rotationPrediction.build({ encoder, head, random });
  assert.deepEqual(
    built.views([]).map((recipe) => recipe.map(({ name }) => name)),
    Array(4).fill(["quarterTurn"]),
  );
  // A classifier that copies z, and projections that point at the turn of their view: every guess is right.
  const [kernel] = built.parts.lossWeights;
  kernel.variable.assign(tf.mul(tf.eye(4), 10));
  const positions = [0, 1, 2, 3].map((turns) => tf.oneHot(tf.tensor1d([turns, turns], "int32"), 4));
  const projections = positions.map((rows) => tf.cast(rows, "float32"));
  const step = built.step({ step: 0, epoch: 0, totalSteps: 1 });
  const accuracy = (z) => step.metrics({ projections: z, rows: z }, []).rotationAccuracy.arraySync();
  assert.equal(accuracy(projections), 1);
  assert.equal(accuracy([projections[1], projections[0], ...projections.slice(2)]), 0.5);
  // -log softmax of logits 10, 0, 0, 0 at the first.
  const loss = step.loss({ projections, rows: projections }, []).arraySync();
  assert.ok(Math.abs(loss - Math.log(1 + 3 * Math.exp(-10))) < 1e-6);
});
