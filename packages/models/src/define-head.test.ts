import "@simclr/ops/register";
import { definitionMark, Random, readWeights } from "@simclr/core";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { buildProjectionHead } from "./build-parts.js";
import { classifier } from "./classifier.js";
import { buildClassifierNetwork, classifierNetwork } from "./classifier-network.js";
import { defineEncoder } from "./define-encoder.js";
import { defineHead, type HeadLayer } from "./define-head.js";
import { weightMaker } from "./weight-spec.js";

const random = Random.fromSeed(6);

/** Dense layers with tanh between them. */
const tanhHead = defineHead({
  name: "tanh",
  options: { lengths: [3, 2] },
  build({ options: { lengths }, inputDimension, random }) {
    return lengths.map((outputs, i): HeadLayer => {
      const { make, weights } = weightMaker(random);
      const inputs = lengths[i - 1] ?? inputDimension;
      const kernel = make(
        { name: `layer${i}/kernel`, role: "kernel", shape: [inputs, outputs] },
        { kind: "normal", deviation: 1 },
      );
      return { weights, outputDimension: outputs, forward: (x) => tf.tanh(tf.matMul(x, kernel.variable)) };
    });
  },
});
const rows = (): tf.Tensor2D => tf.tensor2d([1, -2, 3, 4, 5, -6], [2, 3]);
const pixels = defineEncoder({
  name: "pixels",
  build: () => ({ weights: [], featureDimension: 3, forward: (x) => tf.mean<tf.Tensor2D>(x, [1, 2]) }),
});

describe("defineHead", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("gives what left every layer, which fine-tuning can tap", () => {
    expect(definitionMark(tanhHead)).toEqual({ kind: "head", apiVersion: 1 });
    const head = tanhHead.build({ inputDimension: 3, random });
    expect([head.layers, [0, 1, 2].map((k) => head.dimensionAfter(k))]).toEqual([2, [3, 3, 2]]);
    const [first, second] = head.weights.map(({ variable }) => variable as tf.Tensor as tf.Tensor2D);
    tf.tidy(() => {
      const h = rows();
      const hidden = tf.tanh(tf.matMul(h, first!));
      const hiddens = head.forward(h, { training: true });
      expectClose(hiddens[0]!, h, {});
      expectClose(hiddens[1]!, hidden, {});
      expectClose(hiddens[2]!, tf.tanh(tf.matMul(hidden, second!)), {});
      expect(head.forward(h, { training: true }, 1)).toHaveLength(2);
    });
    expect(head.layerWeights(1).map(({ name }) => name)).toEqual(["head/layer0/kernel"]);
    head.dispose();
  });

  it("can be one module", () => {
    const one = defineHead({
      name: "halve",
      build: () => ({ weights: [], outputDimension: 3, forward: (x) => tf.div(x, 2) }),
    });
    const head = one.build({ inputDimension: 3, random });
    tf.tidy(() => expectClose(head.forward(rows(), { training: false }).at(-1)!, tf.div(rows(), 2), {}));
    expect(head.layers).toBe(1);
  });

  it("can be frozen", () => {
    const head = tanhHead.build({ inputDimension: 3, isFrozen: true, random });
    expect(head.weights.every(({ variable }) => !variable.trainable)).toBe(true);
    head.dispose();
  });

  it("is built again from its description, alone and within a network", async () => {
    const head = tanhHead.build({ inputDimension: 3, options: { lengths: [2] }, random });
    const description = JSON.parse(JSON.stringify(head.describe()));
    const again = buildProjectionHead(description, random, { heads: [tanhHead] });
    expect(await readWeights(again.weights)).toEqual(await readWeights(head.weights));
    again.dispose();
    expect(() => buildProjectionHead(description, random)).toThrow(
      'The network has the head "tanh", which is not built in; definitions given: none. Pass what defineHead made of it',
    );
    const encoder = pixels.build({ imageSize: 4, random });
    const network = classifierNetwork({
      encoder,
      head,
      headLayers: 1,
      classifier: classifier({ inputDimension: 2, classCount: 2, zeroInit: false, random }),
    });
    const rebuilt = buildClassifierNetwork(JSON.parse(JSON.stringify(network.describe())), random, {
      encoders: [pixels],
      heads: [tanhHead],
    });
    rebuilt.classifier.weights[0]!.variable.assign(network.classifier.weights[0]!.variable);
    tf.tidy(() => {
      const images = tf.ones<tf.Rank.R4>([1, 4, 4, 3]);
      expectClose(rebuilt.forward(images, { training: false }), network.forward(images, { training: false }), {});
    });
    rebuilt.dispose();
    network.dispose();
  });

  it.each<[string, () => unknown, string]>([
    [
      "no layer",
      () => defineHead({ name: "none", build: () => [] }).build({ inputDimension: 3, random }),
      'head "none": `build` must give a layer or more; received none.',
    ],
    [
      "a layer of another length than declared",
      () =>
        defineHead({ name: "short", build: () => ({ weights: [], outputDimension: 2, forward: (x) => tf.neg(x) }) })
          .build({ inputDimension: 3, random })
          .forward(rows(), { training: false }),
      'head "short" must return float32 [2, 2], synchronously, one row for each it was given; received float32 [2, 3].',
    ],
    [
      "other representations than it was built for",
      () => tanhHead.build({ inputDimension: 4, random }).forward(rows(), { training: false }),
      'head "tanh": `representation` must have shape [any, 4]; received [2, 3].',
    ],
    [
      "more layers than there are",
      () => tanhHead.build({ inputDimension: 3, random }).dimensionAfter(3),
      'head "tanh": `k` must be in [0, 2]; received 3. The head has 2 layers.',
    ],
  ])("refuses %s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
