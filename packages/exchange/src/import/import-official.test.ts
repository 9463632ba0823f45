import { fileURLToPath } from "node:url";
import { CheckpointError, readWeights } from "@simclr/core";
import { openTensorBundle, type TensorBundle } from "@simclr/tensor-files";
import { withTensorBundle } from "@simclr/tensor-files/node";
import { type BundleFiles, type BundleTensor, pseudo, writeTensorBundle } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type ImportOfficialOptions, importOfficial } from "./import-official.js";

beforeAll(() => tf.setBackend("cpu"));

const BLOCKS = [3, 4, 6, 3];
const suffix = (i: number): string => (i === 0 ? "" : `_${i}`);
const values = (name: string, shape: readonly number[]): Float32Array =>
  Float32Array.from(
    pseudo(
      name,
      shape.reduce((product, size) => product * size, 1),
    ),
  );

/** Kernel shapes and batch-norm widths of the official ResNet-50, written from its description, in creation order. */
function officialResNet50(base: number, isSelective: boolean): { kernels: number[][]; norms: number[] } {
  const kernels: number[][] = [];
  const norms: number[] = [];
  const layer = (size: number, inputs: number, filters: number, isNormed = true): void => {
    kernels.push([size, size, inputs, filters]);
    if (isNormed) norms.push(filters);
  };
  if (isSelective) {
    layer(3, 3, base / 2);
    layer(3, base / 2, base / 2);
    layer(3, base / 2, base);
  } else layer(7, 3, base);
  let inputs = base;
  for (const [group, count] of BLOCKS.entries()) {
    const filters = base * 2 ** group;
    for (let block = 0; block < count; block++) {
      if (block === 0) layer(1, inputs, 4 * filters);
      layer(1, inputs, filters);
      if (isSelective) {
        const middle = Math.max(Math.floor(filters / 16), 32);
        layer(3, filters, 2 * filters);
        layer(1, filters, middle);
        layer(1, middle, 2 * filters, false);
      } else layer(3, filters, filters);
      layer(1, filters, 4 * filters);
      inputs = 4 * filters;
    }
  }
  return { kernels, norms };
}

type Shapes = Record<string, number[]>;

function officialShapes(base: number, isSelective: boolean): Shapes {
  const { kernels, norms } = officialResNet50(base, isSelective);
  const norm = (
    prefix: string,
    channels: number,
    fields = ["gamma", "beta", "moving_mean", "moving_variance"],
  ): Shapes => Object.fromEntries(fields.map((field) => [`${prefix}/${field}`, [channels]]));
  const size = 32 * base;
  return {
    ...Object.fromEntries(kernels.map((shape, i) => [`base_model/conv2d${suffix(i)}/kernel`, shape])),
    ...Object.assign({}, ...norms.map((width, i) => norm(`base_model/batch_normalization${suffix(i)}`, width))),
    "head_contrastive/nl_0/dense/kernel": [size, size],
    ...norm("head_contrastive/nl_0/batch_normalization", size),
    "head_contrastive/nl_1/dense/kernel": [size, 16],
    ...norm("head_contrastive/nl_1/batch_normalization", 16, ["gamma", "moving_mean", "moving_variance"]),
    "head_supervised/linear_layer/dense/kernel": [size, 10],
    "head_supervised/linear_layer/dense/bias": [10],
  };
}

function write(shapes: Shapes): BundleFiles {
  const tensors: Record<string, BundleTensor> = { global_step: { shape: [], data: BigInt64Array.of(1n) } };
  for (const [name, shape] of Object.entries(shapes)) tensors[name] = { shape, data: values(name, shape) };
  return writeTensorBundle(tensors, { shards: 2 });
}

const open = ({ index, shards }: BundleFiles): TensorBundle =>
  openTensorBundle(index, async (shard, at, length) => shards[shard]!.subarray(at, at + length), "model.ckpt-1");

const importFrom = (shapes: Shapes, options?: ImportOfficialOptions) =>
  importOfficial(open(write(shapes)), "model.ckpt-1", options);

describe.each([
  { name: "r50_0.125x", isSelective: false, convolutions: 53, batchNorms: 53 },
  { name: "r50_0.125x_sk1", isSelective: true, convolutions: 87, batchNorms: 71 },
])("a checkpoint of $name", ({ name, isSelective, convolutions, batchNorms }) => {
  const shapes = officialShapes(8, isSelective);

  it("is imported whole, and every tensor but the counter is used once", async () => {
    const { model, report } = await importFrom(shapes);
    expect(report).toEqual({
      ...{ architecture: name, convolutions, batchNorms, headLayers: 2, classCount: 10 },
      used: Object.keys(shapes).length,
      unused: [{ name: "global_step", reason: "step counter" }],
    });
    const arrays = await readWeights(model.weights);
    const seen = new Set(Object.values(arrays).map(({ data }) => data.join()));
    for (const [official, shape] of Object.entries(shapes))
      expect(seen.has(values(official, shape).join()), official).toBe(true);
    expect(model.weights).toHaveLength(Object.keys(shapes).length);
    model.dispose();
  });

  it("puts each layer where the reference has it", async () => {
    const { model } = await importFrom(shapes);
    const arrays = await readWeights(model.weights);
    const expected: [string, string][] = isSelective
      ? [
          ["encoder/stem/conv3/kernel", "base_model/conv2d_2/kernel"],
          ["encoder/group1/block0/shortcut/conv/kernel", "base_model/conv2d_3/kernel"],
          ["encoder/group1/block0/conv1/kernel", "base_model/conv2d_4/kernel"],
          ["encoder/group1/block0/sk/conv/kernel", "base_model/conv2d_5/kernel"],
          ["encoder/group1/block0/sk/squeeze/conv/kernel", "base_model/conv2d_6/kernel"],
          ["encoder/group1/block0/sk/mix/conv/kernel", "base_model/conv2d_7/kernel"],
          ["encoder/group1/block0/conv3/kernel", "base_model/conv2d_8/kernel"],
          ["encoder/group1/block0/norm3/gamma", "base_model/batch_normalization_7/gamma"],
          ["encoder/group1/block1/conv1/kernel", "base_model/conv2d_9/kernel"],
          ["encoder/group1/block1/norm1/movingVariance", "base_model/batch_normalization_8/moving_variance"],
          ["encoder/group4/block2/conv3/kernel", "base_model/conv2d_86/kernel"],
          ["encoder/group4/block2/norm3/beta", "base_model/batch_normalization_70/beta"],
        ]
      : [
          ["encoder/stem/conv/kernel", "base_model/conv2d/kernel"],
          ["encoder/group1/block0/shortcut/conv/kernel", "base_model/conv2d_1/kernel"],
          ["encoder/group1/block0/conv1/kernel", "base_model/conv2d_2/kernel"],
          ["encoder/group1/block0/norm3/movingMean", "base_model/batch_normalization_4/moving_mean"],
          ["encoder/group4/block2/conv3/kernel", "base_model/conv2d_52/kernel"],
        ];
    expected.push(["head/layer1/norm/gamma", "head_contrastive/nl_1/batch_normalization/gamma"]);
    expected.push(["classifier/bias", "head_supervised/linear_layer/dense/bias"]);
    for (const [ours, official] of expected)
      expect(arrays[ours], ours).toEqual({ shape: shapes[official], data: values(official, shapes[official]!) });
    model.dispose();
  });

  it.each([
    ["base_model/conv2d_10/kernel", /1 tensor missing: "base_model\/conv2d_10\/kernel" \[/],
    ["base_model/batch_normalization_3/beta", /1 tensor missing: "base_model\/batch_normalization_3\/beta" \[/],
    ["base_model/conv2d/kernel", /the first convolution, "base_model\/conv2d\/kernel", is missing/],
    ["head_contrastive/nl_0/dense/kernel", /missing: "head_contrastive\/nl_0\/dense\/kernel"/],
    ["head_supervised/linear_layer/dense/bias", /missing: "head_supervised\/linear_layer\/dense\/bias" \[10\]/],
  ])("without %s is refused by name", async (name, message) => {
    const { [name]: _, ...rest } = shapes;
    const before = tf.memory().numTensors;
    await expect(importFrom(rest)).rejects.toThrow(CheckpointError);
    await expect(importFrom(rest)).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("with a tensor of another shape, or altered, is refused by name", async () => {
    const wrong = { ...shapes, "base_model/conv2d_20/kernel": [1, 1, 7, 7] };
    await expect(importFrom(wrong)).rejects.toThrow(
      /1 tensor of another shape: "base_model\/conv2d_20\/kernel" must be/,
    );
    const files = write(shapes);
    const { shard, offset } = open(files).entries.get("base_model/batch_normalization_12/gamma")!;
    files.shards[shard]![offset + 1]! ^= 4;
    await expect(importOfficial(open(files), "m")).rejects.toThrow(
      'the tensor "base_model/batch_normalization_12/gamma" cannot be used: it was altered (its CRC-32C does not match)',
    );
  });
});

describe("checkpoints that TensorFlow wrote (fixtures/make_official_fixtures.py)", () => {
  const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
  const TF1 = fixture("tensorflow-1/model.ckpt-250228");

  it.each([
    ["base", ""],
    ["average", "ema_model/"],
  ] as const)("the %s copy of a TF1 checkpoint is imported, and what was not used is listed", (copy, prefix) =>
    withTensorBundle(TF1, async (bundle) => {
      const { model, report } = await importOfficial(bundle, TF1, { copy, classNames: ["a", "b", "c", "d", "e"] });
      expect(report).toMatchObject({ architecture: "r18_0.03125x", convolutions: 21, batchNorms: 21, headLayers: 3 });
      const arrays = await readWeights(model.weights);
      for (const [ours, official] of [
        ["encoder/group4/block1/conv2/kernel", `${prefix}base_model/conv2d_20/kernel`],
        ["encoder/group2/block0/shortcut/norm/gamma", `${prefix}base_model/batch_normalization_6/gamma`],
        ["head/layer2/dense/kernel", `${prefix}head_contrastive/nl_2/dense/kernel`],
        ["classifier/kernel", "head_supervised/linear_layer/dense/kernel"],
      ] as const)
        expect(arrays[ours]!.data, ours).toEqual(values(official, arrays[ours]!.shape));
      const reasons = new Map<string, number>();
      for (const { reason } of report.unused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      const perCopy = 21 * 5 + 3 * 5 - 1; // kernels and four fields each, but no beta in the head's last layer
      expect(Object.fromEntries(reasons)).toEqual({
        "step counter": 1,
        "state of the optimizer": 21 * 3 + 3 * 3 - 1 + 2,
        [copy === "base" ? "moving average of the weights" : "trained weights"]: perCopy,
      });
      expect(report.used).toBe(perCopy + 2);
      expect(model.preprocessing).toEqual({ imageSize: 32, cropFraction: 1, resize: "tf1-bicubic" });
      model.dispose();
    }),
  );

  it("a SavedModel is imported by the names in its object graph", () =>
    withTensorBundle(fixture("saved-model/variables/variables"), async (bundle) => {
      const { model, report } = await importOfficial(bundle, "saved-model", { classifierLayer: 1 });
      expect(report).toMatchObject({ architecture: "r18_0.03125x", convolutions: 21, classCount: 5, used: 121 });
      expect(report.unused).toEqual([{ name: "_CHECKPOINTABLE_OBJECT_GRAPH", reason: "names of the variables" }]);
      const arrays = await readWeights(model.weights);
      for (const [ours, official] of [
        ["encoder/stem/conv/kernel", "model/resnet/conv2d_fixed_padding/conv2d/kernel"],
        ["encoder/group1/block1/conv1/kernel", "model/resnet/conv2d_fixed_padding_4/conv2d_4/kernel"],
        ["encoder/stem/norm/movingMean", "model/resnet/batch_norm_relu/sync_batch_normalization/moving_mean"],
        ["classifier/bias", "model/head_supervised/linear_layer/dense_3/bias"],
      ] as const)
        expect(arrays[ours]!.data, ours).toEqual(values(official, arrays[ours]!.shape));
      expect(model.classifierLayer).toBe(1);
      model.dispose();
    }));

  it("refuses wrong wishes", () =>
    withTensorBundle(TF1, async (bundle) => {
      const importWith = (options: ImportOfficialOptions) => importOfficial(bundle, "ckpt", options);
      await expect(importWith({ classNames: ["a"] })).rejects.toThrow("ckpt: 5 class names are needed");
      await expect(importWith({ classifierLayer: 4 })).rejects.toThrow("behind 4 layers of the head, which has 3");
      const architecture = { depth: 34, widthMultiplier: 1 / 32, selectiveKernel: false } as const;
      await expect(importWith({ architecture })).rejects.toThrow(
        /ckpt does not hold the weights of r34_0.03125x: \d+ tensors missing: "base_model\/conv2d_21\/kernel"/,
      );
    }));

  it("refuses a checkpoint of something else", async () => {
    const tensors = { "layer/kernel": { shape: [1], data: new Float32Array(1) } };
    await expect(importOfficial(open(writeTensorBundle(tensors)), "other")).rejects.toThrow(
      "other holds no encoder (base_model/conv2d/kernel, …). Give a checkpoint of the official SimCLR code.",
    );
  });
});
