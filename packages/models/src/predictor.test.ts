import "@simclr/ops/register";
import { Random } from "@simclr/core";
import { checkGradient, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { predictor } from "./predictor.js";
import { prototypes } from "./prototypes.js";

const random = Random.fromSeed(8);
const z = (): tf.Tensor2D => tf.randomNormal<tf.Rank.R2>([6, 4], 0, 1, "float32", 1);

describe("predictor", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("is dense, batch norm, ReLU, dense with bias", () => {
    const own = predictor({ dimension: 4, hiddenDimension: 3, random });
    expect(own.weights.map(({ name, variable }) => [name, variable.shape])).toEqual([
      ["predictor/layer0/dense/kernel", [4, 3]],
      ["predictor/layer0/norm/gamma", [3]],
      ["predictor/layer0/norm/beta", [3]],
      ["predictor/layer0/norm/movingMean", [3]],
      ["predictor/layer0/norm/movingVariance", [3]],
      ["predictor/layer1/dense/kernel", [3, 4]],
      ["predictor/layer1/dense/bias", [4]],
    ]);
    const [first, , , , , second, bias] = own.weights.map(({ variable }) => variable);
    bias!.assign(tf.tensor1d([1, 2, 3, 4]));
    const hidden = tf.matMul(z(), first as tf.Tensor2D);
    const { mean, variance } = tf.moments(hidden, 0);
    const unit = tf.div(tf.sub(hidden, mean), tf.sqrt(tf.add(variance, 1e-5)));
    const expected = tf.add(tf.matMul(tf.relu(unit) as tf.Tensor2D, second as tf.Tensor2D), bias!);
    expectClose(own.forward(z(), { training: true }), expected, { atol: 1e-5 });
    const x = z();
    expectNewTensors(1, () => own.forward(x, { training: true }));
    own.dispose();
  });

  it("has the gradient that central differences give", () => {
    const own = predictor({ dimension: 4, hiddenDimension: 3, random });
    const weight = tf.randomNormal([6, 4], 0, 1, "float32", 2);
    const f = (x: tf.Tensor2D): tf.Scalar => tf.sum(tf.mul(own.forward(x, { training: true }), weight));
    checkGradient(f, z(), { step: 1e-2, atol: 2e-2, rtol: 2e-2 });
    own.dispose();
  });

  it("refuses projections of another length", () => {
    const own = predictor({ dimension: 3, hiddenDimension: 3, random });
    expect(() => own.forward(z(), { training: true })).toThrow(
      "predictor: `projection` must have shape [any, 3]; received [6, 4]. Build the predictor for this head's outputDimension.",
    );
    own.dispose();
  });
});

describe("prototypes", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("are different directions of length 1, and come back to it", () => {
    const own = prototypes({ count: 5, dimension: 3, random });
    const { variable } = own.weight;
    const start = variable.dataSync().slice();
    expectClose(tf.norm(variable, 2, 1), [1, 1, 1, 1, 1], { atol: 1e-6 });
    expect(
      Math.max(
        ...tf.sub(tf.matMul(variable as tf.Tensor2D, variable as tf.Tensor2D, false, true), tf.eye(5)).dataSync(),
      ),
    ).toBeLessThan(0.999);
    variable.assign(tf.mul(variable, 3));
    own.normalise();
    expectClose(variable, start, { atol: 1e-6 });
    own.dispose();
  });
});
