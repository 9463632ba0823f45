import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { readFileSync } from "node:fs";
import { CheckpointError, type NamedArray } from "@simclr/core";
import type { ForeignSafetensors } from "@simclr/tensor-files";
import { expectCloseToLargest, pseudo } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { networkOf } from "../model/model.js";
import { importTorch } from "./import-torch.js";

/** A network of `fixtures/make_torch_fixture.py`, run by torchvision in float64. */
interface OracleCase {
  readonly name: string;
  /** Height and width of the two images. */
  readonly size: [number, number];
  readonly shapes: Record<string, number[]>;
  /** [2, 7] */
  readonly logits: number[];
}

const { cases } = JSON.parse(readFileSync(new URL("../../fixtures/torch.json", import.meta.url), "utf8")) as {
  cases: OracleCase[];
};

function stateDict({ name, shapes }: OracleCase): ForeignSafetensors {
  const last = name === "resnet18" ? ".bn2." : ".bn3.";
  const others = Object.keys(shapes).filter((key) => key.endsWith("num_batches_tracked"));
  const floats = Object.entries(shapes).filter(([key]) => !others.includes(key));
  const make = (key: string, shape: readonly number[]): NamedArray => {
    const count = shape.reduce((product, size) => product * size, 1);
    const field = key.slice(key.lastIndexOf(".") + 1);
    const scale = shape.length > 1 ? Math.sqrt(3 / (count / shape[0]!)) : 0.5;
    const value = (u: number): number => {
      if (shape.length === 1 && field === "weight" && key.includes(last)) return 0.25 + 0.125 * u;
      return (shape.length === 1 && (field === "weight" || field === "running_var") ? 1 : 0) + scale * u;
    };
    const data = new Float32Array(count);
    for (const [i, u] of pseudo(key, count).entries()) data[i] = value(u);
    return { shape, data };
  };
  return {
    arrays: Object.fromEntries(floats.map(([key, shape]) => [key, make(key, shape)])),
    others: Object.fromEntries(others.map((key) => [key, "I64"])),
    metadata: {},
  };
}

beforeAll(async () => {
  if (!(await tf.setBackend("onednn"))) throw new Error("the backend onednn cannot be used");
});

describe.each(cases)("torchvision's $name", (oracle) => {
  const file = stateDict(oracle);

  it("gives the outputs that torchvision gives, for images in [0, 1]", async () => {
    const { model, report } = importTorch(file, "resnet.safetensors");
    const [height, width] = oracle.size;
    const images = Float32Array.from(pseudo("images", 2 * height * width * 3), (u) => (u + 1) / 2);
    const logits = tf.tidy(() =>
      networkOf(model, "m").forward(tf.tensor4d(images, [2, height, width, 3]), { training: false }),
    );
    expectCloseToLargest(logits, oracle.logits, 1e-4); // float32 against float64 through up to 53 batch norms
    logits.dispose();
    const layers = oracle.name === "resnet18" ? 20 : 53;
    expect(report).toMatchObject({ convolutions: layers, batchNorms: layers, classCount: 7, headLayers: 0 });
    expect(report.used).toBe(Object.keys(file.arrays).length);
    expect(report.unused).toHaveLength(layers);
    expect(new Set(report.unused.map(({ reason }) => reason))).toEqual(new Set(["step counter"]));
    model.dispose();
  }, 60_000);
});

describe("importTorch", () => {
  const [resnet18, resnet50] = cases as [OracleCase, OracleCase];
  const file = stateDict(resnet18);
  const without = (key: string): ForeignSafetensors => {
    const { [key]: _, ...arrays } = file.arrays;
    return { ...file, arrays };
  };
  const adding = (arrays: ForeignSafetensors["arrays"]): ForeignSafetensors => ({
    ...file,
    arrays: { ...file.arrays, ...arrays },
  });
  const ones = (...shape: number[]): NamedArray => ({
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1),
  });

  it("finds the network behind a prefix, and lists what else is there", () => {
    const entries = Object.entries(file.arrays).map(([key, array]) => [`module.backbone.${key}`, array]);
    const arrays = { ...Object.fromEntries(entries), "projector.0.weight": ones(2, 2) };
    const all = { ...file, arrays, others: {} };
    const { model, report } = importTorch(all, "f", { normalisation: null });
    expect(report.unused[0]).toEqual({ name: "projector.0.weight", reason: "no weight of the ResNet" });
    expect(model.encoder.describe()).toMatchObject({ variant: "torchvision", depth: 18 });
    expect(model.encoder.describe()).not.toHaveProperty("normalisation");
    model.dispose();
  });

  it.each<[string, ForeignSafetensors, RegExp]>([
    [
      "a tensor less",
      without("layer2.0.downsample.1.bias"),
      /1 tensor missing: "layer2\.0\.downsample\.1\.bias" \[128\]/,
    ],
    [
      "a tensor of another shape",
      adding({ "layer3.1.conv2.weight": ones(256, 128, 3, 3) }),
      /"layer3\.1\.conv2\.weight" must be \[256, 256, 3, 3\], it is \[256, 128, 3, 3\]/,
    ],
    [
      "squeeze-excitation",
      adding({ "layer1.0.se.fc1.weight": ones(4, 64, 1, 1) }),
      /1 tensor that this architecture does not have: "layer1\.0\.se\.fc1\.weight"/,
    ],
    ["another block", adding({ "layer4.2.conv1.weight": ones(1) }), /2, 2, 2, 3 basic blocks in its groups/],
    ["no ResNet", { arrays: { w: ones(1) }, others: {}, metadata: {} }, /f holds no ResNet: "conv1\.weight"/],
    [
      "a deep stem",
      { arrays: { "conv1.0.weight": ones(32, 3, 3, 3) }, others: {}, metadata: {} },
      /a stem of several convolutions/,
    ],
  ])("refuses a file with %s by name", (_, changed, message) => {
    const before = tf.memory().numTensors;
    expect(() => importTorch(changed, "f")).toThrow(CheckpointError);
    expect(() => importTorch(changed, "f")).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("names what differs in a wide ResNet, whose bottlenecks are of another kind", () => {
    const shapes = Object.entries({ ...resnet50.shapes, "layer1.0.conv1.weight": [128, 64, 1, 1] });
    const floats = shapes.filter(([key]) => !key.endsWith("num_batches_tracked"));
    const arrays = Object.fromEntries(floats.map(([key, shape]) => [key, ones(...shape)]));
    expect(() => importTorch({ ...file, arrays, others: {} }, "f")).toThrow(
      /torchvision's r50_1x: 1 tensor of another shape: "layer1\.0\.conv1\.weight" must be \[64, 64, 1, 1\]/,
    );
  });
});
