import "@simclr/ops/register";
import type { Weight } from "@simclr/core";
import { Random } from "@simclr/core";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { checkEncoder } from "./check-encoder.js";
import { checkHead } from "./check-head.js";
import { defineEncoder, type EncoderModule, type EncoderSite } from "./define-encoder.js";
import { defineHead } from "./define-head.js";
import type { ForwardOptions } from "./module.js";
import { makeNorm, type Norm, normalise } from "./norm.js";
import { projectionHead } from "./projection-head.js";
import { resNet } from "./res-net.js";
import { type MakeWeight, weightMaker } from "./weight-spec.js";

/** A dense layer on the mean colour, and a batch norm; `change` makes it break a promise. */
interface Parts {
  readonly make: MakeWeight<Weight>;
  readonly kernel: Weight;
  readonly norm: Norm<Weight>;
  readonly site: EncoderSite<object>;
}
type Forward = (h: tf.Tensor2D, pass: ForwardOptions, parts: Parts) => tf.Tensor2D;
const plain: Forward = (h, pass, { norm }) => normalise(norm, h, pass);

function encoderOf(forward: Forward, change: (module: EncoderModule, parts: Parts) => EncoderModule = (m) => m) {
  return defineEncoder({
    name: "tried",
    build(site) {
      const { make, weights } = weightMaker(site.random);
      const kernel = make({ name: "kernel", role: "kernel", shape: [3, 5] }, { kind: "normal", deviation: 1 });
      const norm = makeNorm(make, { name: "norm", channels: 5 });
      const parts = { make, kernel, norm, site };
      const module: EncoderModule = {
        weights,
        featureDimension: 5,
        forward: (x, pass) => forward(tf.matMul(tf.mean<tf.Tensor2D>(x, [1, 2]), kernel.variable), pass, parts),
      };
      return change(module, parts);
    },
  });
}
const check = (forward: Forward, change?: (module: EncoderModule, parts: Parts) => EncoderModule) =>
  checkEncoder(encoderOf(forward, change), { imageSize: 4 });

const EVERYTHING = ["weights", "shape", "repeatable", "independent rows", "statistics", "gradient", "memory"];

describeBackends(["cpu"], () => {
  describe("checkEncoder", () => {
    it("finds nothing wrong with an encoder that keeps its promises", async () => {
      const before = tf.memory().numTensors;
      expect(await check(plain)).toEqual(EVERYTHING);
      expect(tf.memory().numTensors).toBe(before);
    });

    it("finds nothing wrong with a ResNet, whose blocks begin with a gamma of 0", async () => {
      const built = defineEncoder({
        name: "res-net",
        build({ imageSize, channels, random }) {
          const encoder = resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize, channels, random });
          const weights = encoder.weights.map((weight) => ({ ...weight, name: weight.name.replace("encoder/", "") }));
          return { ...encoder, weights, minimumSize: encoder.input.minimumSize };
        },
      });
      expect(await checkEncoder(built, { imageSize: 8, channels: 2 })).toEqual(EVERYTHING);
    });

    let calls = 0;
    it.each<[string, string, Forward, ((module: EncoderModule, parts: Parts) => EncoderModule)?]>([
      [
        "the batch's statistics in inference",
        "independent rows: in inference, row 0 differs by",
        (h, pass, { norm }) => normalise(norm, h, { ...pass, training: true }),
      ],
      ["a call counter", "repeatable: in inference, the same inputs", (h) => tf.mul(h, ++calls)],
      [
        "numbers that are not finite",
        "shape: in inference, every number must be finite",
        (h) => tf.log(tf.neg(tf.abs(h))),
      ],
      ["an unused weight", 'gradient: no gradient reaches "encoder/norm/gamma"', (h) => tf.clone(h)],
      [
        "a weight without effect",
        'gradient: the gradient of "encoder/norm/gamma" is zero',
        (h, _, { norm }) => tf.add(h, tf.mul(0, tf.add(norm.gamma.variable, norm.beta!.variable))),
      ],
      [
        "a pass that is not handed on",
        'statistics: training must record the running statistic "encoder/norm/movingMean"',
        (h, { training }, { norm }) => normalise(norm, h, { training }),
      ],
      [
        "statistics that move at once",
        'statistics: inference must change no weight; it changed "encoder/norm/movingMean"',
        (h, pass, parts) => {
          const { movingMean } = parts.norm;
          movingMean.variable.assign(tf.add(movingMean.variable, 1));
          return plain(h, pass, parts);
        },
      ],
      [
        "a tensor that stays",
        "memory: a pass in inference left 1 tensors in memory",
        (h, pass, parts) => {
          tf.keep(tf.scalar(1));
          return plain(h, pass, parts);
        },
      ],
      [
        "a variable that is not listed",
        "memory: disposing it left 1 tensors",
        plain,
        (module) => {
          tf.tidy(() => tf.variable(tf.scalar(1)));
          return module;
        },
      ],
      [
        "first values from elsewhere",
        'weights: "encoder/kernel" must start with the same values',
        plain,
        (module, { kernel }) => {
          kernel.variable.assign(tf.fill([3, 5], ++calls));
          return module;
        },
      ],
      [
        "first values that no stream moves",
        "weights: some weight must start with other values",
        plain,
        (module, { kernel }) => {
          kernel.variable.assign(tf.ones([3, 5]));
          return module;
        },
      ],
      [
        "another length than declared",
        'threw InvalidArgumentError: encoder "tried" must return float32',
        plain,
        (module) => ({ ...module, featureDimension: 6 }),
      ],
    ])("sees %s", async (_, message, forward, change) => {
      tf.engine().startScope();
      const refusal = check(forward, change);
      await expect(refusal).rejects.toThrow('checkEncoder: the encoder "tried" must keep its promises;');
      await expect(refusal).rejects.toThrow(message);
      tf.engine().endScope();
    });

    it("tests some promises only, where asked", async () => {
      expect(
        await checkEncoder(
          encoderOf((h) => tf.clone(h)),
          { imageSize: 4, only: ["shape"] },
        ),
      ).toEqual(["shape"]);
    });
  });

  describe("checkHead", () => {
    it("finds nothing wrong with the built-in head, taken as a layer", async () => {
      const built = defineHead({
        name: "simclr",
        options: { outputDimension: 4 },
        build({ options, inputDimension, random }) {
          const head = projectionHead({ ...options, inputDimension, layers: 2, random });
          const weights = head.weights.map((weight) => ({ ...weight, name: weight.name.replace("head/", "") }));
          return {
            weights,
            outputDimension: options.outputDimension,
            forward: (x, pass) => head.forward(x, pass).at(-1)!,
          };
        },
      });
      expect(await checkHead(built, { inputDimension: 6, options: { outputDimension: 3 } })).toEqual(EVERYTHING);
    });

    it("sees a head that draws from its own stream", async () => {
      const own = Random.fromSeed(1);
      const noisy = defineHead({
        name: "noisy",
        build: ({ inputDimension }) => ({
          weights: [],
          outputDimension: inputDimension,
          forward: (x) => tf.mul(x, own.uniform()),
        }),
      });
      await expect(checkHead(noisy)).rejects.toThrow(
        'checkHead: the head "noisy" must keep its promises; 2 of 7 checks failed. Correct it.\n- repeatable: in inference, the same inputs and the same random stream must give the same.',
      );
    });
  });
});
