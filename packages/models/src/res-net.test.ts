import "@simclr/ops/register";
import { Random, readWeights } from "@simclr/core";
import { expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { ResNetArchitecture } from "./architecture.js";
import { BatchStatistics } from "./batch-statistics.js";
import { countParameters } from "./count-parameters.js";
import { PUBLISHED_MODELS, parseModelName } from "./model-name.js";
import { resNet, resNetFeatureDimension, resNetWeightSpecs } from "./res-net.js";
import type { WeightSpec } from "./weight-spec.js";

const random = Random.fromSeed(1);
const narrow = { depth: 18, widthMultiplier: 1 / 16, imageSize: 32, random } as const;
const inference = { training: false } as const;

beforeAll(() => tf.setBackend("cpu"));

describe("parameter counts", () => {
  /** Name, trainable parameters, moving statistics, convolutions and batch norms of the encoder, as published. */
  const published: [string, number, number, number, number, number][] = [
    ["r50_1x_sk0", 23_508_032, 53_120, 53, 53, 2048],
    ["r50_1x_sk1", 35_215_584, 61_824, 87, 71, 2048],
    ["r50_2x_sk0", 93_907_072, 106_240, 53, 53, 4096],
    ["r50_2x_sk1", 140_306_048, 122_816, 87, 71, 4096],
    ["r101_1x_sk0", 42_500_160, 105_344, 104, 104, 2048],
    ["r101_1x_sk1", 64_662_304, 123_840, 172, 139, 2048],
    ["r101_2x_sk0", 169_771_136, 210_688, 104, 104, 4096],
    ["r101_2x_sk1", 257_132_224, 245_760, 172, 139, 4096],
    ["r152_1x_sk0", 58_143_808, 151_424, 155, 155, 2048],
    ["r152_1x_sk1", 88_940_896, 178_688, 257, 207, 2048],
    ["r152_2x_sk0", 232_253_568, 302_848, 155, 155, 4096],
    ["r152_2x_sk1", 353_398_528, 354_368, 257, 207, 4096],
    ["r152_3x_sk1", 794_704_160, 531_200, 257, 207, 6144],
  ];
  const count = (specs: readonly WeightSpec[]) => [
    countParameters(specs).trainable,
    countParameters(specs).statistics,
    specs.filter(({ role }) => role === "kernel").length,
    specs.filter(({ role }) => role === "gamma").length,
  ];

  it("of the 13 published networks, and their layers, are as published", () => {
    expect(published.map(([name]) => name)).toEqual(PUBLISHED_MODELS);
    for (const [name, ...expected] of published) {
      const architecture = { ...parseModelName(name), imageSize: 224 };
      expect([...count(resNetWeightSpecs(architecture)), resNetFeatureDimension(architecture)], name).toEqual(expected);
    }
  });

  it.each<[ResNetArchitecture, number, number]>([
    [{ depth: 18, stem: "cifar" }, 11_173_056, 21],
    [{ depth: 18, stem: "imagenet" }, 11_180_736, 21],
    [{ depth: 34, stem: "cifar" }, 21_281_216, 37],
    [{ depth: 34, stem: "imagenet" }, 21_288_896, 37],
    [{ depth: 50, stem: "cifar" }, 23_500_352, 53],
    [{ depth: 200 }, 62_624_832, 203],
  ])("of %o are %d in %d convolutions", (architecture, trainable, convolutions) => {
    const [parameters, , ...layers] = count(resNetWeightSpecs(architecture));
    expect([parameters, ...layers]).toEqual([trainable, convolutions, convolutions]);
  });

  it.each([
    [18, 11_689_512 - 513_000],
    [34, 21_797_672 - 513_000],
    [50, 25_557_032 - 2_049_000],
    [152, 60_192_808 - 2_049_000],
  ] as const)("of torchvision's resnet%d are %d, its published count less the classifier's", (depth, trainable) => {
    expect(countParameters(resNetWeightSpecs({ depth, variant: "torchvision" })).trainable).toBe(trainable);
  });

  it("are those of the weights that are made, under unique names", () => {
    const encoder = resNet(narrow);
    expect(encoder.featureDimension).toBe(resNetFeatureDimension(narrow));
    const specs = encoder.weights.map(({ name, role, variable }) => ({ name, role, shape: variable.shape }));
    expect(specs).toEqual(resNetWeightSpecs(narrow));
    expect(new Set(specs.map(({ name }) => name)).size).toBe(specs.length);
    for (const { role, variable } of encoder.weights) expect(variable.trainable).toBe(role !== "statistic");
    encoder.dispose();
  });
});

describe("a network with torchvision's grid", () => {
  it("pools a window around every second cell, where the reference's window begins there", () => {
    const poolOf = (variant: "simclr" | "torchvision", image: tf.Tensor4D): tf.Tensor => {
      const encoder = resNet({ depth: 18, widthMultiplier: 1 / 64, stem: "imagenet", channels: 1, variant, random });
      const { initial_conv: conv, initial_max_pool: pool } = encoder.forward(image, inference).endpoints;
      const relu = tf.relu(tf.div(conv, Math.sqrt(1 + 1e-5))) as tf.Tensor4D; // first statistics: mean 0, variance 1
      const before = variant === "simclr" ? 0 : 1;
      const padded = tf.pad(relu, [
        [0, 0],
        [before, 1],
        [before, 1],
        [0, 0],
      ]);
      expectClose(pool, tf.maxPool(padded as tf.Tensor4D, 3, 2, "valid"), { rtol: 1e-6 });
      encoder.dispose();
      return pool;
    };
    tf.tidy(() => {
      const image = tf.randomNormal<tf.Rank.R4>([1, 32, 48, 1], 0, 1, "float32", 5);
      const [ours, theirs] = [poolOf("simclr", image), poolOf("torchvision", image)];
      expect(tf.max(tf.abs(tf.sub(ours, theirs))).dataSync()[0]).toBeGreaterThan(0.01);
    });
  });

  it("normalises the images it is told to, and says so in its description", () => {
    const normalisation = { mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.25, 0.5] };
    const [plain, normalising] = [resNet(narrow), resNet({ ...narrow, normalisation })];
    tf.tidy(() => {
      const images = tf.randomUniform<tf.Rank.R4>([2, 32, 32, 3], 0, 1, "float32", 7);
      const byHand = tf.div(tf.sub(images, [0.4, 0.5, 0.6]), [0.2, 0.25, 0.5]) as tf.Tensor4D;
      const expected = plain.forward(byHand, inference).pooled;
      expectClose(normalising.forward(images, inference).pooled, expected, { rtol: 1e-5, atol: 1e-6 });
    });
    expect(normalising.describe()).toMatchObject({ normalisation });
    expect(plain.describe()).not.toHaveProperty("normalisation");
    plain.dispose();
    normalising.dispose();
  });

  it.each([
    { mean: [0, 0], deviation: [1, 1, 1] },
    { mean: [0, 0, 0], deviation: [1, 0, 1] },
    { mean: [0, 0, Number.NaN], deviation: [1, 1, 1] },
  ])("refuses the normalisation %j", (normalisation) => {
    expect(() => resNet({ ...narrow, normalisation })).toThrow(
      "resNet: `normalisation` must hold 3 finite means and 3 deviations > 0; received",
    );
  });
});

describe("resNet", () => {
  it("has the reference's endpoints for ResNet-50 at 224 pixels", () => {
    const encoder = resNet({ depth: 50, widthMultiplier: 1 / 64, imageSize: 224, random });
    const { endpoints, pooled } = tf.tidy(() => encoder.forward(tf.ones([1, 224, 224, 3]), inference));
    const shapes = Object.fromEntries(Object.entries(endpoints).map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual({
      initial_conv: [1, 112, 112, 1],
      initial_max_pool: [1, 56, 56, 1],
      block_group1: [1, 56, 56, 4],
      block_group2: [1, 28, 28, 8],
      block_group3: [1, 14, 14, 16],
      block_group4: [1, 7, 7, 32],
      final_avg_pool: [1, 32],
    });
    expectClose(pooled, tf.mean(endpoints.block_group4, [1, 2]), { atol: 0 });
    expect(encoder.featureDimension).toBe(32);
    encoder.dispose();
  });

  it("keeps the resolution in the CIFAR stem and halves it three times", () => {
    const encoder = resNet(narrow);
    const { endpoints } = tf.tidy(() => encoder.forward(tf.ones([2, 32, 32, 3]), inference));
    expect(endpoints.initial_max_pool.shape).toEqual([2, 32, 32, 4]);
    expect(endpoints.block_group4.shape).toEqual([2, 4, 4, 32]);
    encoder.dispose();
  });

  it("has ResNet-D's stem and pooled shortcuts with selective kernels, and weights in the reference's order", () => {
    const encoder = resNet({ depth: 50, widthMultiplier: 1 / 16, imageSize: 64, selectiveKernel: true, random });
    const { endpoints } = tf.tidy(() => encoder.forward(tf.ones([1, 64, 64, 3]), inference));
    expect(endpoints.initial_conv.shape).toEqual([1, 32, 32, 4]);
    expect(endpoints.initial_max_pool.shape).toEqual([1, 16, 16, 4]);
    expect(endpoints.block_group4.shape).toEqual([1, 2, 2, 128]);
    const kernels = encoder.weights.filter(({ role }) => role === "kernel").map(({ name }) => name.split("/").slice(1));
    expect(kernels.slice(0, 9).map((path) => path.join("/"))).toEqual([
      "stem/conv1/kernel",
      "stem/conv2/kernel",
      "stem/conv3/kernel",
      "group1/block0/shortcut/conv/kernel",
      "group1/block0/conv1/kernel",
      "group1/block0/sk/conv/kernel",
      "group1/block0/sk/squeeze/conv/kernel",
      "group1/block0/sk/mix/conv/kernel",
      "group1/block0/conv3/kernel",
    ]);
    encoder.dispose();
  });

  it("passes the shortcut alone through a block at first, since the last gamma is 0", () => {
    const encoder = resNet(narrow);
    const gammas = encoder.weights.filter(({ name }) => name.endsWith("norm2/gamma"));
    expect(gammas.length).toBe(8);
    for (const { variable } of gammas) expect(tf.max(tf.abs(variable)).dataSync()[0]).toBe(0);
    // Group 1 is then relu(norm(1x1 convolution of the stem's output)); its second block changes nothing.
    const { endpoints } = encoder.forward(tf.randomUniform([2, 8, 8, 3], 0, 1, "float32", 3), inference);
    const kernel = encoder.weights.find(({ name }) => name === "encoder/group1/block0/shortcut/conv/kernel")!;
    const shortcut = tf.conv2d(
      endpoints.initial_max_pool as tf.Tensor4D,
      kernel.variable as tf.Tensor as tf.Tensor4D,
      1,
      "valid",
    );
    const expected = tf.relu(tf.div(shortcut, Math.sqrt(1 + 1e-5))); // running mean 0 and variance 1
    expectClose(endpoints.block_group1, expected, { atol: 1e-6 });
    encoder.dispose();
  });

  it("draws kernels with standard deviation sqrt(1 / fanIn), cut at two sigma, and by name alone", async () => {
    const encoder = resNet({ depth: 18, widthMultiplier: 0.25, imageSize: 32, random });
    const kernel = encoder.weights.find(({ name }) => name === "encoder/group4/block1/conv1/kernel")!;
    const values = await kernel.variable.data<"float32">();
    const expected = Math.sqrt(1 / (3 * 3 * 128));
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.01); // 147,456 draws: 0.2 % standard error
    expect(Math.max(...values.slice(0, 50_000).map(Math.abs))).toBeLessThanOrEqual((2 * expected) / 0.87962566 + 1e-8);
    const other = resNet({ depth: 34, widthMultiplier: 0.25, imageSize: 32, random });
    const namesake = other.weights.find(({ name }) => name === kernel.name)!;
    expect(await namesake.variable.data()).toEqual(values);
    encoder.dispose();
    other.dispose();
  });

  it("draws nothing where its weights are to be assigned", () => {
    const encoder = resNet({ ...narrow, random: "zeros" });
    tf.tidy(() => {
      for (const { variable } of encoder.weights) expect(tf.max(tf.abs(variable)).dataSync()[0]).toBe(0);
    });
    encoder.dispose();
  });

  it("is built the same again from its description, beside the first", async () => {
    const first = resNet({ ...narrow, depth: 50, selectiveKernel: true, channels: 1, name: "student" });
    const second = resNet({ ...first.describe(), random });
    expect(JSON.parse(JSON.stringify(second.describe()))).toEqual(first.describe());
    expect(await readWeights(second.weights)).toEqual(await readWeights(first.weights));
    first.dispose();
    second.dispose();
  });

  it("moves running statistics only when told to, and leaves nothing in memory", () => {
    const encoder = resNet(narrow);
    const images = tf.randomUniform<tf.Rank.R4>([4, 8, 8, 3], 0, 1, "float32", 5);
    const mean = encoder.weights.find(({ name }) => name === "encoder/stem/norm/movingMean")!.variable;
    const variance = encoder.weights.find(({ name }) => name === "encoder/stem/norm/movingVariance")!.variable;
    const variables = encoder.weights.filter(({ role }) => role !== "statistic").map(({ variable }) => variable);
    const step = (statistics?: BatchStatistics): void => {
      const f = () => tf.mean<tf.Scalar>(encoder.forward(images, { training: true, statistics }).pooled);
      tf.dispose(tf.variableGrads(f, variables));
    };
    expectNewTensors(0, () => [step()]);
    expect(mean.dataSync().every((value) => value === 0)).toBe(true);
    expectNewTensors(0, () => {
      const statistics = new BatchStatistics();
      step(statistics);
      statistics.apply();
      return [];
    });
    const first = tf.tidy(() => encoder.forward(images, inference).endpoints.initial_conv);
    const { mean: batchMean, variance: batchVariance } = tf.moments(first, [0, 1, 2]);
    expectClose(mean, tf.mul(batchMean, 0.1), { atol: 1e-7 });
    expectClose(variance, tf.add(0.9, tf.mul(batchVariance, 0.1)), { atol: 1e-6 });
    expectNewTensors(0, () => {
      const statistics = new BatchStatistics();
      step(statistics);
      statistics.dispose();
      return [];
    });
    expectNewTensors(7, () => encoder.forward(images, inference)); // one an endpoint; `pooled` is the last of them
    encoder.dispose();
  });

  it("refuses what it cannot build", () => {
    expect(() => resNet({ depth: 19 as 18, random })).toThrow(
      "resNet: `depth` must be one of 18, 34, 50, 101, 152, 200; received 19.",
    );
    expect(() => resNet({ depth: 18, widthMultiplier: 0.3, random })).toThrow(
      "resNet: `widthMultiplier` must give whole channel counts, so 64 times it must be an integer; received 0.3, which gives 19.2. Use a multiple of 1/64, such as 0.25.",
    );
    expect(() => resNet({ depth: 34, selectiveKernel: true, random })).toThrow(
      "resNet: `depth` must be 50, 101, 152, 200 with selective kernels; received 34. They replace the 3x3 convolution of a bottleneck, and ResNet-34 has basic blocks. Take a deeper network, or leave selective kernels out.",
    );
    expect(() => resNet({ depth: 18, channels: 0, random })).toThrow(
      "resNet: `channels` must be an integer >= 1; received 0.",
    );
    expect(() => resNet({ depth: 18, imageSize: 4, random })).toThrow(
      "resNet: `imageSize` must be an integer >= 8; received 4. The cifar stem reduces images 8 times.",
    );
    expect(() => resNet({ depth: 18, stem: "tiny" as "cifar", random })).toThrow(
      'resNet: `stem` must be one of "cifar", "imagenet"; received "tiny".',
    );
  });

  it("refuses images that do not fit", () => {
    const encoder = resNet(narrow);
    expect(() => encoder.forward(tf.zeros([2, 32, 32, 1]), inference)).toThrow(
      "encoder: `images` must have shape [any, any, any, 3]; received [2, 32, 32, 1]. The encoder was built for 3 channels, NHWC.",
    );
    expect(() => encoder.forward(tf.zeros([2, 32, 7, 3]), inference)).toThrow(
      "encoder: `images` must have 8 x 8 pixels or more; received 32 x 7. Enlarge them.",
    );
    encoder.dispose();
  });
});
