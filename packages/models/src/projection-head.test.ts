import "@simclr/ops/register";
import { Random } from "@simclr/core";
import { expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { buildProjectionHead } from "./build-parts.js";
import { countParameters } from "./count-parameters.js";
import { projectionHead } from "./projection-head.js";

const random = Random.fromSeed(2);
const training = { training: true } as const;

describe("projectionHead", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it.each([
    [512, 2, 328_832],
    [512, 3, 592_000],
    [2048, 3, 8_659_072],
  ])("of dimension %d with %d layers has %d parameters, as published", (inputDimension, layers, expected) => {
    const head = projectionHead({ inputDimension, layers, random });
    expect(countParameters(head.weights).trainable).toBe(expected);
    head.dispose();
  });

  it("has hidden layers of another width and a plain last layer where asked, and says so", () => {
    const head = projectionHead({
      inputDimension: 6,
      hiddenDimension: 9,
      outputDimension: 4,
      outputNorm: false,
      random,
    });
    expect([0, 1, 2, 3].map((k) => head.dimensionAfter(k))).toEqual([6, 9, 9, 4]);
    expect(head.weights.at(-1)!.name).toBe("head/layer2/dense/kernel");
    const h = tf.randomNormal<tf.Rank.R2>([8, 6], 0, 1, "float32", 1);
    const [hidden, z] = head.forward(h, training).slice(-2) as [tf.Tensor2D, tf.Tensor2D];
    expectClose(z, tf.matMul(hidden, head.weights.at(-1)!.variable as tf.Tensor2D), { atol: 1e-5 });
    const again = buildProjectionHead(head.describe(), random);
    expect(again.weights.map(({ name, variable }) => [name, variable.shape])).toEqual(
      head.weights.map(({ name, variable }) => [name, variable.shape]),
    );
    head.dispose();
    again.dispose();
  });

  it("gives h, a ReLU's output for each layer but the last, and a z without shift or ReLU", () => {
    const head = projectionHead({ inputDimension: 6, outputDimension: 4, random });
    const h = tf.randomNormal<tf.Rank.R2>([8, 6], 0, 1, "float32", 1);
    const [first, second, third, z] = head.forward(h, training);
    expectClose(first!, h, { atol: 0 });
    for (const hidden of [second!, third!]) {
      expect(hidden.shape).toEqual([8, 6]);
      expect(tf.min(hidden).dataSync()[0]).toBe(0);
    }
    const { mean, variance } = tf.moments(z!, 0);
    expect(z!.shape).toEqual([8, 4]);
    expectClose(mean, [0, 0, 0, 0], { atol: 1e-6 });
    // variance v of the dense layer becomes v / (v + epsilon); kernels start at 0.01, so v is near 1e-4 and epsilon shows
    expect(Math.min(...variance.dataSync())).toBeGreaterThan(0.7);
    expect(Math.max(...variance.dataSync())).toBeLessThan(1);
    expect(head.weights.map(({ name }) => name).filter((name) => name.endsWith("beta"))).toEqual([
      "head/layer0/norm/beta",
      "head/layer1/norm/beta",
    ]);
    head.dispose();
  });

  it("runs and lists the first k layers", () => {
    const head = projectionHead({ inputDimension: 6, outputDimension: 4, random });
    const h = tf.randomNormal<tf.Rank.R2>([8, 6], 0, 1, "float32", 1);
    const whole = head.forward(h, training);
    for (const k of [0, 1, 2, 3]) {
      const part = head.forward(h, training, k);
      expect(part.length).toBe(k + 1);
      expectClose(part[k]!, whole[k]!, { atol: 0 });
      expect(head.dimensionAfter(k)).toBe(part[k]!.shape[1]);
      expect(new Set(head.layerWeights(k).map(({ name }) => name.split("/")[1])).size).toBe(k);
    }
    expect(head.layerWeights(3)).toEqual(head.weights);
    expectNewTensors(4, () => head.forward(h, training));
    head.dispose();
  });

  it("with 0 layers gives h itself, and with 1 is linear with a norm that only scales", () => {
    const h = tf.randomNormal<tf.Rank.R2>([8, 6], 0, 1, "float32", 1);
    const none = projectionHead({ inputDimension: 6, layers: 0, random });
    expect(none.weights).toEqual([]);
    expect(none.dimensionAfter(0)).toBe(6);
    const hiddens = none.forward(h, training);
    expect(hiddens.length).toBe(1);
    expectClose(hiddens[0]!, h, { atol: 0 });
    const linear = projectionHead({ inputDimension: 6, layers: 1, outputDimension: 4, random });
    const roles = linear.weights.map(({ role, variable }) => [role, ...variable.shape]);
    expect(roles).toEqual([
      ["kernel", 6, 4],
      ["gamma", 4],
      ["statistic", 4],
      ["statistic", 4],
    ]);
    const inference = { training: false };
    const [, z] = linear.forward(h, inference);
    const [, doubled] = linear.forward(tf.mul(h, 2), inference);
    expectClose(doubled!, tf.mul(z!, 2), { atol: 1e-7 });
    for (const head of [none, linear]) head.dispose();
  });

  it("draws dense kernels from N(0, 0.01^2)", () => {
    const head = projectionHead({ inputDimension: 256, layers: 1, random });
    const values = head.weights[0]!.variable.dataSync<"float32">();
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    expect(Math.abs(deviation - 0.01)).toBeLessThan(2e-4); // 32,768 draws: standard error 4e-5
    expect(Math.max(...values)).toBeGreaterThan(0.03); // not truncated
    head.dispose();
  });

  it("refuses a wrong dimension and a wrong k", () => {
    const head = projectionHead({ inputDimension: 6, random });
    expect(() => head.forward(tf.zeros([2, 5]), training)).toThrow(
      "head: `representation` must have shape [any, 6]; received [2, 5]. Build the head for this encoder's featureDimension.",
    );
    expect(() => head.layerWeights(4)).toThrow("head: `k` must be in [0, 3]; received 4. The head has 3 layers.");
    expect(() => projectionHead({ inputDimension: 6, layers: -1, random })).toThrow(
      "projectionHead: `layers` must be an integer >= 0; received -1.",
    );
    head.dispose();
  });
});
