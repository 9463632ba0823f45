import "@simclr/ops/register";
import { assignWeights, Random, readWeights } from "@simclr/core";
import { expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { classifier } from "./classifier.js";
import {
  buildClassifierNetwork,
  type ClassifierNetwork,
  type ClassifierNetworkDescription,
  classifierNetwork,
} from "./classifier-network.js";
import { countParameters } from "./count-parameters.js";
import { projectionHead } from "./projection-head.js";
import { resNet } from "./res-net.js";

const random = Random.fromSeed(3);

function build(headLayers: number, zeroInit = false): ClassifierNetwork {
  const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize: 32, random });
  const head = projectionHead({ inputDimension: encoder.featureDimension, outputDimension: 8, random });
  const inputDimension = head.dimensionAfter(headLayers);
  return classifierNetwork({
    encoder,
    head,
    headLayers,
    classifier: classifier({ inputDimension, classCount: 5, zeroInit, random }),
  });
}

describe("classifierNetwork", () => {
  beforeAll(() => tf.setBackend("cpu"));
  const images = () => tf.randomUniform<tf.Rank.R4>([4, 8, 8, 3], 0, 1, "float32", 5);

  it.each([0, 1, 2, 3])("classifies what leaves layer %d of the head, and is rebuilt from its JSON", async (k) => {
    const network = build(k);
    const x = images();
    const logits = network.forward(x, { training: true });
    const { encoder, head, classifier } = network;
    const { pooled } = encoder.forward(x, { training: true });
    const hidden = head!.forward(pooled, { training: true })[k]!;
    const [kernel, bias] = classifier.weights.map(({ variable }) => variable);
    expectClose(logits, tf.add(tf.matMul(hidden, kernel as tf.Tensor as tf.Tensor2D), bias!), { atol: 1e-6 });
    expect(network.weights).toEqual([...encoder.weights, ...head!.layerWeights(k), ...classifier.weights]);

    const description = JSON.parse(JSON.stringify(network.describe())) as ClassifierNetworkDescription;
    const rebuilt = buildClassifierNetwork(description, Random.fromSeed(4));
    assignWeights(rebuilt.weights, await readWeights(network.weights), "rebuilt");
    expectClose(rebuilt.forward(x, { training: true }), logits, { atol: 0 });
    expect(rebuilt.describe()).toEqual(description);
    network.dispose();
    rebuilt.dispose();
  });

  it("gives gradients to all its trainable weights and leaves only them in memory", () => {
    const network = build(1);
    const x = images();
    const trainable = network.weights.filter(({ variable }) => variable.trainable);
    expectNewTensors(trainable.length + 1, () => {
      const f = () => tf.sum<tf.Scalar>(tf.square(network.forward(x, { training: true })));
      const variables = trainable.map(({ variable }) => variable);
      const { value, grads } = tf.variableGrads(f, variables);
      return [value, ...Object.values(grads)];
    });
    expectNewTensors(1, () => network.forward(x, { training: false }));
    network.dispose();
  });

  it("starts with equal logits when the classifier starts at zero", () => {
    const network = build(0, true);
    const logits = network.forward(images(), { training: false });
    expectClose(logits, new Array(20).fill(0), { atol: 0 });
    network.dispose();
  });

  it("disposes all its parts", () => {
    const before = tf.memory().numTensors;
    build(1).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses parts that do not fit", () => {
    const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize: 32, random });
    const wide = classifier({ inputDimension: 64, classCount: 5, random });
    expect(() => classifierNetwork({ encoder, classifier: wide })).toThrow(
      "classifierNetwork: the classifier must take vectors of 32, which is what the encoder gives; it takes 64. Build it with inputDimension 32.",
    );
    expect(() => classifierNetwork({ encoder, headLayers: 1, classifier: wide })).toThrow(
      "classifierNetwork: `headLayers` must be 0 without a projection head; received 1. Pass `head`.",
    );
    const head = projectionHead({ inputDimension: 64, random });
    expect(() => classifierNetwork({ encoder, head, headLayers: 1, classifier: wide })).toThrow(
      "classifierNetwork: the head must take vectors of 32, which is what the encoder gives; it takes 64. Build it with inputDimension 32.",
    );
    const description = { kind: "checkpoint" } as unknown as ClassifierNetworkDescription;
    expect(() => buildClassifierNetwork(description, random)).toThrow(
      'buildClassifierNetwork: the description must be of kind "classifier-network"; received "checkpoint". Pass what describe() returned.',
    );
    for (const part of [encoder, wide, head]) part.dispose();
  });
});

describe("classifier", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("has 2,049,000 parameters for 1000 classes on ResNet-50, with roles of their own", () => {
    const linear = classifier({ inputDimension: 2048, classCount: 1000, random });
    expect(countParameters(linear.weights)).toEqual({ trainable: 2_049_000, statistics: 0 });
    expect(linear.weights.map(({ name, role }) => [name, role])).toEqual([
      ["classifier/kernel", "classifier-kernel"],
      ["classifier/bias", "classifier-bias"],
    ]);
    linear.dispose();
  });

  it("refuses a single class", () => {
    expect(() => classifier({ inputDimension: 4, classCount: 1, random })).toThrow(
      "classifier: `classCount` must be an integer >= 2; received 1.",
    );
  });
});
