import { Random } from "@simclr/core";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { resNetWeightSpecs } from "./res-net.js";
import { makeSqueezeExcitation, squeezeExcite } from "./squeeze-excitation.js";
import { weightMaker } from "./weight-spec.js";

describe("squeezeExcite", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("scales each channel by the gate that its image gives", () => {
    const { make } = weightMaker(Random.fromSeed(0));
    const { reduce, expand } = makeSqueezeExcitation(make, { name: "se", channels: 2, squeezed: 1 });
    reduce.convolution.kernel.variable.assign(tf.tensor4d([2, -1], [1, 1, 2, 1]));
    reduce.bias.variable.assign(tf.tensor1d([0.5]));
    expand.convolution.kernel.variable.assign(tf.tensor4d([1, -1], [1, 1, 1, 2]));
    expand.bias.variable.assign(tf.tensor1d([0, 1]));
    const x = tf.tensor4d([1, 4, 3, 0, 0, 8, 0, 8], [2, 1, 2, 2]);
    // Means (2, 2) and (0, 8); relu(2 * 2 - 2 + 0.5) = 2.5 and relu(-8 + 0.5) = 0.
    const gate = (logit: number) => 1 / (1 + Math.exp(-logit));
    const [a, b, d] = [gate(2.5), gate(-2.5 + 1), gate(1)];
    expectClose(squeezeExcite({ reduce, expand }, x), [a, 4 * b, 3 * a, 0, 0, 8 * d, 0, 8 * d], { rtol: 1e-6 });
  });

  it("has max(1, floor(F * ratio)) channels inside, and stands at the end of every block", () => {
    const specs = resNetWeightSpecs({ depth: 50, widthMultiplier: 0.25, stem: "cifar", squeezeExcitation: 0.25 });
    const gates = specs.filter(({ name }) => name.includes("/se/"));
    expect(gates.length).toBe(16 * 4);
    expect(gates.slice(0, 4).map(({ name, role, shape }) => [name, role, ...shape])).toEqual([
      ["encoder/group1/block0/se/reduce/kernel", "kernel", 1, 1, 64, 4],
      ["encoder/group1/block0/se/reduce/bias", "bias", 4],
      ["encoder/group1/block0/se/expand/kernel", "kernel", 1, 1, 4, 64],
      ["encoder/group1/block0/se/expand/bias", "bias", 64],
    ]);
    const tiny = resNetWeightSpecs({ depth: 18, stem: "cifar", squeezeExcitation: 0.001 });
    expect(tiny.find(({ name }) => name.endsWith("group4/block1/se/reduce/kernel"))!.shape).toEqual([1, 1, 512, 1]);
  });
});
