import "@simclr/ops/register";
import { definitionMark, InvalidArgumentError, Random, readWeights } from "@simclr/core";
import { variableGradients } from "@simclr/ops";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { BatchStatistics } from "./batch-statistics.js";
import { buildEncoder } from "./build-parts.js";
import { type DefinedEncoder, defineEncoder, type EncoderModule } from "./define-encoder.js";
import { endpointFeatures } from "./encoder.js";
import { momentumNetwork } from "./momentum-network.js";
import { makeNormalisedConvolution, normalisedConvolve } from "./normalised-convolution.js";
import { projectionHead } from "./projection-head.js";
import { weightMaker } from "./weight-spec.js";

const random = Random.fromSeed(5);

/** One convolution, batch norm and ReLU, and the mean over all places. */
const small = defineEncoder({
  name: "small",
  options: { width: 4 },
  checkOptions: ({ width }, { imageSize }) => {
    if (width > imageSize) throw new RangeError(`small: \`width\` must be at most ${imageSize}; received ${width}.`);
  },
  build({ options: { width }, channels, random }) {
    const { make, weights } = weightMaker(random);
    const shape = { inputs: channels, filters: width, size: 3, stride: 2 };
    const layer = makeNormalisedConvolution(make, { convolution: "conv", norm: "norm" }, shape);
    return {
      weights,
      featureDimension: width,
      minimumSize: 2,
      endpoints: ["map"],
      forward(images, pass) {
        const map = normalisedConvolve(layer, images, pass, { activation: "relu" });
        return { pooled: tf.mean<tf.Tensor2D>(map, [1, 2]), endpoints: { map } };
      },
    };
  },
});
const images = (): tf.Tensor4D => tf.randomUniform<tf.Rank.R4>([2, 8, 8, 3], 0, 1, "float32", 1);
const site = { imageSize: 8, random };

/** An encoder whose module is wrong in one way. */
const wrong = (change: Partial<EncoderModule>): DefinedEncoder =>
  defineEncoder({
    name: "wrong",
    build: () => ({ weights: [], featureDimension: 3, forward: (x) => tf.mean<tf.Tensor2D>(x, [1, 2]), ...change }),
  });

describe("defineEncoder", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("marks what it makes, and puts the module's name before those of its weights", () => {
    expect(definitionMark(small)).toEqual({ kind: "encoder", apiVersion: 1 });
    const encoder = small.build({ ...site, name: "net" });
    expect(encoder.weights.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "net/conv/kernel kernel",
      "net/norm/gamma gamma",
      "net/norm/beta beta",
      "net/norm/movingMean statistic",
      "net/norm/movingVariance statistic",
    ]);
    expect(encoder.input).toEqual({ channels: 3, minimumSize: 2 });
    encoder.dispose();
  });

  it("gives the module's result and endpoints, and leaves nothing else", () => {
    const encoder = small.build({ ...site, options: { width: 6 } });
    const x = images();
    const before = tf.memory().numTensors;
    const output = encoder.forward(x, { training: false });
    expect([output.pooled.shape, output.endpoints.map!.shape]).toEqual([
      [2, 6],
      [2, 4, 4, 6],
    ]);
    expect(tf.memory().numTensors - before).toBe(2);
    expectClose(output.pooled, endpointFeatures(output, "map"), {});
    tf.dispose([output, x]);
    encoder.dispose();
  });

  it("is built again from its description, where its definition is known", async () => {
    const encoder = small.build({ ...site, options: { width: 3 }, channels: 1 });
    const description = JSON.parse(JSON.stringify(encoder.describe()));
    expect(description).toEqual({
      ...{ kind: "defined-encoder", definition: "small", options: { width: 3 }, imageSize: 8, channels: 1 },
      name: "encoder",
    });
    const again = buildEncoder(description, random, { encoders: [wrong({}), small] });
    expect(await readWeights(again.weights)).toEqual(await readWeights(encoder.weights));
    expect(() => buildEncoder(description, random, { encoders: [wrong({})] })).toThrow(
      'The network has the encoder "small", which is not built in; definitions given: wrong. Pass what defineEncoder made of it',
    );
    again.dispose();
    encoder.dispose();
  });

  it("is followed by a momentum network", async () => {
    const encoder = small.build(site);
    const head = projectionHead({ inputDimension: 4, layers: 1, outputDimension: 2, random });
    const copy = momentumNetwork({ encoder, head });
    const theirs = Object.values(await readWeights(encoder.weights));
    expect(Object.values(await readWeights(copy.encoder.weights))).toEqual(theirs);
    expect(copy.encoder.weights[0]!.name).toBe("momentum/encoder/conv/kernel");
    for (const part of [encoder, head, copy]) part.dispose();
  });

  it("can be frozen: no gradient, no moving statistics, nothing on the tape", () => {
    const encoder = small.build({ ...site, isFrozen: true });
    const statistics = new BatchStatistics();
    const x = images();
    const scale = tf.variable(tf.scalar(2));
    let kept = 0;
    const expected = encoder.forward(x, { training: false });
    const { value, grads } = variableGradients(() => {
      const before = tf.memory().numTensors;
      const { pooled, endpoints } = tf.tidy(() => encoder.forward(x, { training: true, statistics }));
      kept = tf.memory().numTensors - before;
      expectClose(endpoints.map!, expected.endpoints.map!, {});
      expectClose(pooled, expected.pooled, {});
      return tf.sum(tf.mul(pooled, scale));
    }, [scale, ...encoder.weights.map(({ variable }) => variable)]);
    expect(kept).toBe(2); // what it returned
    expect(Object.keys(grads)).toEqual([scale.name]);
    statistics.apply();
    expectClose(encoder.weights[3]!.variable, [0, 0, 0, 0], {});
    tf.dispose([value, grads, expected, x]);
    scale.dispose();
    encoder.dispose();
  });

  it.each<[string, () => unknown, string]>([
    [
      "a bad name",
      () => defineEncoder({ name: "my net", build: () => small as never }),
      "defineEncoder: `name` must be",
    ],
    [
      "no function",
      () => defineEncoder({ name: "net", build: {} as never }),
      'defineEncoder: `build` of "net" must be a function (site) => module; received object.',
    ],
    [
      "an unknown option",
      () => small.build({ ...site, options: { widht: 1 } as never }),
      'encoder "small": unknown option `widht`; expected one of width.',
    ],
    [
      "an option of another kind",
      () => small.build({ ...site, options: { width: "4" as never } }),
      'encoder "small": `width` must be a finite number, as its default 4 is; received "4".',
    ],
    [
      "options that the author refuses",
      () => small.build({ ...site, options: { width: 9 } }),
      "small: `width` must be at most 8; received 9.",
    ],
    [
      "a weight twice",
      () =>
        wrong({
          weights: [1, 2].map((v) => ({ name: "w", role: "kernel", variable: tf.variable(tf.scalar(v)) })),
        }).build(site),
      'encoder "wrong": the names of the weights must be different from each other; received "w" twice.',
    ],
    [
      "an unknown role",
      () =>
        wrong({ weights: [{ name: "w", role: "matrix" as never, variable: tf.variable(tf.scalar(1)) }] }).build(site),
      'encoder "wrong": the role of "w" must be one of kernel, bias, gamma,',
    ],
    [
      "a statistic that would be trained",
      () => wrong({ weights: [{ name: "m", role: "statistic", variable: tf.variable(tf.scalar(1)) }] }).build(site),
      'the running statistic "m" must be a variable that is not trainable',
    ],
    [
      "what is no variable",
      () => wrong({ weights: [{ name: "w", role: "kernel", variable: tf.scalar(1) as never }] }).build(site),
      'the variable of "w" must be what tf.variable gives',
    ],
    [
      "another length than declared",
      () => wrong({ featureDimension: 4 }).build(site).forward(images(), { training: false }),
      'encoder "wrong" must return float32 [2, 4], synchronously, one row for each it was given; received float32 [2, 3].',
    ],
    [
      "other endpoints than listed",
      () =>
        wrong({ endpoints: ["map"] })
          .build(site)
          .forward(images(), { training: false }),
      'encoder "wrong" must give the endpoints that it lists, map; received none.',
    ],
    [
      "images of another size",
      () =>
        wrong({})
          .build({ ...site, imageSize: 9 })
          .forward(images(), { training: false }),
      'encoder "wrong": `images` must have shape [any, 9, 9, 3]; received [2, 8, 8, 3]. It was built for images of 9 pixels',
    ],
    [
      "images that are too small",
      () =>
        wrong({ minimumSize: 9 })
          .build({ ...site, imageSize: 9 })
          .forward(images(), { training: false }),
      'encoder "wrong": `images` must have 9 x 9 pixels or more; received 8 x 8.',
    ],
  ])("refuses %s", (_, act, message) => {
    tf.engine().startScope();
    expect(act).toThrow(message.startsWith("small:") ? RangeError : InvalidArgumentError);
    expect(act).toThrow(message);
    tf.engine().endScope();
  });
});
