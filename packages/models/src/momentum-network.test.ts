import "@simclr/ops/register";
import { Random, readWeights } from "@simclr/core";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { BatchStatistics } from "./batch-statistics.js";
import { momentumNetwork } from "./momentum-network.js";
import { projectionHead } from "./projection-head.js";
import { resNet } from "./res-net.js";

function network() {
  const random = Random.fromSeed(4);
  const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize: 8, random });
  const head = projectionHead({
    inputDimension: encoder.featureDimension,
    outputDimension: 5,
    hiddenDimension: 7,
    outputNorm: false,
    random,
  });
  return { encoder, head, dispose: () => [encoder, head].forEach((part) => void part.dispose()) };
}

describe("momentumNetwork", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("starts as a copy under names of its own", async () => {
    const followed = network();
    const own = momentumNetwork(followed);
    const theirs = await readWeights([...followed.encoder.weights, ...followed.head.weights]);
    const values = await readWeights(own.weights);
    expect(values).toEqual(
      Object.fromEntries(Object.entries(theirs).map(([name, value]) => [`momentum/${name}`, value])),
    );
    own.dispose();
    followed.dispose();
  });

  it("is after k updates m^k of the way from what it follows, running statistics apart", () => {
    const followed = network();
    const own = momentumNetwork(followed);
    const [kernel] = followed.encoder.weights;
    const before = tf.clone(kernel!.variable);
    const away = tf.randomNormal(kernel!.variable.shape, 0, 1, "float32", 3);
    kernel!.variable.assign(away);
    const statistic = followed.encoder.weights.find(({ role }) => role === "statistic")!;
    statistic.variable.assign(tf.fill(statistic.variable.shape, 9));
    for (let k = 0; k < 3; k++) own.follow(0.8);
    // m³ · start + (1 - m³) · followed
    expectClose(own.weights[0]!.variable, tf.add(tf.mul(before, 0.512), tf.mul(away, 0.488)), { atol: 1e-6 });
    const ownStatistic = own.weights.find(({ name }) => name === `momentum/${statistic.name}`)!;
    expect(ownStatistic.variable.dataSync()).not.toContain(9);
    expect(() => own.follow(1.1)).toThrow("momentumNetwork: `momentum` must be in [0, 1]; received 1.1.");
    own.dispose();
    followed.dispose();
  });

  it("leaves no tensor behind when it follows and is disposed", () => {
    const followed = network();
    const before = tf.memory().numTensors;
    const own = momentumNetwork(followed);
    const made = tf.memory().numTensors;
    own.follow(0.5);
    expect(tf.memory().numTensors).toBe(made);
    own.dispose();
    expect(tf.memory().numTensors).toBe(before);
    followed.dispose();
  });
});

describe("BatchStatistics", () => {
  beforeAll(() => tf.setBackend("cpu"));
  const weight = (name: string, value: readonly number[]) =>
    ({ name, role: "statistic", variable: tf.tidy(() => tf.variable(tf.tensor1d([...value]), false)) }) as const;

  it("apply moves running values towards one record after the other, each with its own momentum", () => {
    const before = tf.memory().numTensors;
    const [mean, variance, other] = [weight("mean", [10, 20]), weight("variance", [1, 2]), weight("other", [5])];
    const statistics = new BatchStatistics();
    statistics.record(mean, variance, tf.tensor1d([2, 4]), tf.tensor1d([30, 40]), 0.9);
    statistics.record(other, other, tf.tensor1d([1]), tf.tensor1d([3]), 0.5);
    statistics.record(mean, variance, tf.tensor1d([6, 8]), tf.tensor1d([50, 60]), 0.8);
    statistics.apply();
    const twice = (old: number, a: number, b: number) => 0.8 * (0.9 * old + 0.1 * a) + 0.2 * b;
    expectClose(mean.variable, [twice(10, 2, 6), twice(20, 4, 8)], { atol: 1e-6 });
    expectClose(variance.variable, [twice(1, 30, 50), twice(2, 40, 60)], { atol: 1e-6 });
    expectClose(other.variable, [0.5 * (0.5 * 5 + 0.5 * 1) + 0.5 * 3], { atol: 1e-6 });
    tf.dispose([mean.variable, variance.variable, other.variable]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("applyMean moves a running value once, towards the mean of what the parts of a batch recorded", () => {
    const [mean, variance] = [weight("mean", [10]), weight("variance", [1])];
    const statistics = new BatchStatistics();
    for (const part of [2, 4]) statistics.record(mean, variance, tf.tensor1d([part]), tf.tensor1d([10 * part]), 0.9);
    statistics.applyMean();
    expectClose(mean.variable, [0.9 * 10 + 0.1 * 3], { atol: 1e-6 });
    expectClose(variance.variable, [0.9 * 1 + 0.1 * 30], { atol: 1e-6 });
    tf.dispose([mean.variable, variance.variable]);
  });
});
