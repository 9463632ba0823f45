import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { readFileSync } from "node:fs";
import { Random, type Weight } from "@simclr/core";
import { describeBackends, expectClose, expectCloseToLargest } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResNetDepth, Stem } from "./architecture.js";
import { BatchStatistics } from "./batch-statistics.js";
import { modelName } from "./model-name.js";
import type { ForwardOptions } from "./module.js";
import { projectionHead } from "./projection-head.js";
import { resNet } from "./res-net.js";
import { makeResidualBlock, runResidualBlock } from "./residual-block.js";
import { weightMaker } from "./weight-spec.js";

/** One network of `fixtures/make_res_net_fixture.py`, run by PyTorch in float64. */
interface OracleCase {
  readonly depth: ResNetDepth;
  readonly widthMultiplier: number;
  readonly selectiveKernel: boolean;
  readonly stem: Stem;
  readonly batchSize: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly headLayers: number;
  /** The network is this block alone. */
  readonly block?: { readonly stride: number; readonly filters: number };
  /** Name from which the images are made. */
  readonly images: string;
  readonly output: number[];
  readonly inference: number[];
  readonly statistics: Record<string, number[]>;
  readonly gradients: Record<string, { largest: number; samples: number[]; projection: number }>;
}

/** Stored elements of each gradient and statistic. */
const SAMPLES = 3;
/** Float32 against float64 through up to 53 batch norms. */
const TOLERANCE = 1e-4;

const fixture = new URL("../fixtures/res-net.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, "utf8")) as { cases: OracleCase[] };

/** The fixture's numbers in [-1, 1), made from a name. */
function pseudo(name: string, count: number): Float64Array {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return new Float64Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function assignPseudo({ name, variable }: Weight, depth: ResNetDepth): void {
  const kind = name.slice(name.lastIndexOf("/") + 1);
  const scale = Math.sqrt(3 / (variable.size / variable.shape.at(-1)!));
  const values = Float32Array.from(pseudo(name, variable.size), (u) => {
    if (kind === "kernel") return scale * u;
    if (/[/]block/.test(name) && name.endsWith(depth === 18 ? "norm2/gamma" : "norm3/gamma")) return 0.25 + 0.125 * u;
    return kind === "gamma" || kind === "movingVariance" ? 1 + 0.5 * u : 0.5 * u;
  });
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}

interface Model {
  readonly weights: readonly Weight[];
  forward(images: tf.Tensor4D, options: ForwardOptions): tf.Tensor;
}

function build(oracle: OracleCase): Model {
  const { block, headLayers, channels } = oracle;
  const random = Random.fromSeed(0);
  if (block !== undefined) {
    const { make, weights } = weightMaker(random);
    const layers = makeResidualBlock(make, {
      name: "encoder/block",
      block: "bottleneck",
      inputs: channels,
      useProjection: true,
      useSelectiveKernel: oracle.selectiveKernel,
      ...block,
    });
    const forward: Model["forward"] = (images, options) =>
      tf.transpose(runResidualBlock(layers, images, options), [0, 3, 1, 2]);
    return { weights, forward };
  }
  const encoder = resNet({ ...oracle, random });
  const inputDimension = encoder.featureDimension;
  const head = projectionHead({ inputDimension, layers: Math.max(1, headLayers), outputDimension: 16, random });
  return {
    weights: [...encoder.weights, ...head.layerWeights(headLayers)],
    forward: (images, options) => head.forward(encoder.forward(images, options).pooled, options, headLayers).at(-1)!,
  };
}

function titleOf({ block, depth, widthMultiplier, selectiveKernel, stem, height, width }: OracleCase): string {
  const size = `${height} x ${width}`;
  if (block !== undefined) return `a selective-kernel bottleneck of stride ${block.stride} at ${size}`;
  return `${modelName({ depth, widthMultiplier, selectiveKernel })} with the ${stem} stem at ${size}`;
}

describeBackends(["cpu", "onednn"], () => {
  describe.each(cases.map((oracle) => ({ ...oracle, title: titleOf(oracle) })))("$title", (oracle) => {
    const { batchSize, height, width, channels } = oracle;
    let model: Model;
    let images: tf.Tensor4D;

    beforeAll(() => {
      model = build(oracle);
      for (const weight of model.weights) assignPseudo(weight, oracle.depth);
      const pixels = Float32Array.from(
        pseudo(oracle.images, batchSize * height * width * channels),
        (u) => (u + 1) / 2,
      );
      images = tf.tensor4d(pixels, [batchSize, height, width, channels]);
    });
    afterAll(() => tf.dispose([images, ...model.weights.map(({ variable }) => variable)]));

    it("gives PyTorch's output, gradients, running statistics and inference output", { timeout: 30_000 }, () => {
      const statistics = new BatchStatistics();
      const trainable = model.weights.filter(({ role }) => role !== "statistic");
      const before = tf.memory().numTensors;
      let output: tf.Tensor | undefined;
      const { value, grads } = tf.variableGrads(
        () => {
          output = tf.keep(model.forward(images, { training: true, statistics }));
          return tf.sum(tf.mul(output, tf.tensor(Float32Array.from(pseudo("loss", output.size)), output.shape)));
        },
        trainable.map(({ variable }) => variable),
      );
      expectCloseToLargest(output!, oracle.output, TOLERANCE);

      expect(Object.keys(oracle.gradients)).toEqual(trainable.map(({ name }) => name));
      for (const { name, variable } of trainable) {
        const { largest, samples, projection } = oracle.gradients[name]!;
        const gradient = grads[variable.name]!.dataSync();
        const stride = Math.max(1, Math.ceil(gradient.length / SAMPLES));
        expectClose(
          gradient.filter((_, i) => i % stride === 0),
          samples,
          { atol: TOLERANCE * largest },
        );
        const direction = pseudo(`${name}/direction`, gradient.length);
        const along = direction.reduce((sum, u, i) => sum + u * gradient[i]!, 0);
        expectClose(along, projection, { atol: TOLERANCE * largest * Math.sqrt(gradient.length) });
      }

      statistics.apply();
      tf.dispose([output!, value, grads]);
      expect(tf.memory().numTensors).toBe(before);
      const running = model.weights.filter(({ role }) => role === "statistic");
      expect(Object.keys(oracle.statistics).sort()).toEqual(running.map(({ name }) => name).sort());
      for (const { name, variable } of running)
        expectCloseToLargest(variable.dataSync().slice(0, SAMPLES), oracle.statistics[name]!, TOLERANCE);
      expectCloseToLargest(
        tf.tidy(() => model.forward(images, { training: false })),
        oracle.inference,
        TOLERANCE,
      );
    });
  });
});
