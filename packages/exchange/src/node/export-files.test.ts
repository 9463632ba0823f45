import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { classifier, projectionHead, type ResNetArchitecture, resNet } from "@simclr/models";
import { pseudo } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeOnnxModel } from "../export/onnx/encode-onnx-model.js";
import { encodeTfjsModel } from "../export/tfjs/encode-tfjs-model.js";
import { verifyExport } from "../export/verify-export.js";
import { type Model, model } from "../model/model.js";
import { exportOnnx, exportTfjs } from "./export-files.js";
import { loadOnnxRuntime } from "./onnx-runtime.js";

const preprocessing = { imageSize: 64, cropFraction: 0.875, resize: "tf1-bicubic" } as const;
/** Depth and shape of the paper's networks, but narrow, so that the cpu backend computes them in seconds. */
const WIDTH = 1 / 8;

/** Weights made from their names, with statistics and scales away from 0 and 1. */
function fill({ weights }: Model): void {
  for (const { name, variable } of weights) {
    const field = name.slice(name.lastIndexOf("/") + 1);
    const fanIn = variable.size / variable.shape.at(-1)!;
    const values = Float32Array.from(pseudo(name, variable.size), (u) => {
      if (field === "kernel") return Math.sqrt(3 / fanIn) * u;
      return field === "gamma" || field === "movingVariance" ? 1 + 0.5 * u : 0.5 * u;
    });
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

function make(architecture: ResNetArchitecture, part: "classifier" | "head" | "both" | "none"): Model {
  const { imageSize = preprocessing.imageSize } = architecture;
  const encoder = resNet({ widthMultiplier: WIDTH, imageSize, ...architecture, random: "zeros" });
  const inputDimension = encoder.featureDimension;
  const made = model({
    encoder,
    ...(part !== "classifier" && part !== "none" && { head: projectionHead({ inputDimension, random: "zeros" }) }),
    ...(part !== "head" &&
      part !== "none" && { classifier: classifier({ inputDimension, classCount: 7, random: "zeros" }) }),
    classifierLayer: part === "both" ? 1 : 0,
    preprocessing: { ...preprocessing, imageSize },
    classNames: ["a", "b", "c", "d", "e", "f", "g"],
    origin: "a test",
  });
  fill(made);
  return made;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-export-"));
  await tf.setBackend("cpu");
});
afterAll(() => rm(folder, { recursive: true }));

const normalisation = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

describe.each([
  ["ResNet-18 with a classifier", { depth: 18 }, "classifier", ["representation", "logits"]],
  [
    "ResNet-18 of torchvision",
    { depth: 18, variant: "torchvision", normalisation },
    "classifier",
    ["representation", "logits"],
  ],
  ["ResNet-50 with a head", { depth: 50 }, "head", ["representation", "projection"]],
  [
    "ResNet-50 with selective kernels, head and classifier",
    { depth: 50, selectiveKernel: true },
    "both",
    ["representation", "logits"],
  ],
] as const)("%s", (_, architecture, part, names) => {
  const difference = 1e-5; // of the largest output: float32, added up in another order
  let made: Model;
  beforeAll(() => {
    made = make(architecture, part);
  });
  afterAll(() => made.dispose());

  it("gives the same outputs in onnxruntime-node", async () => {
    const before = tf.memory().numTensors;
    const result = await exportOnnx(made, join(folder, "model.onnx"));
    expect(result.unverified).toBeUndefined();
    expect(result.check!.difference).toBeLessThan(difference);
    const runtime = await loadOnnxRuntime();
    if (typeof runtime === "string") throw new Error(runtime);
    const session = await runtime.InferenceSession.create(join(folder, "model.onnx"));
    expect([session.inputNames, session.outputNames]).toEqual([["images"], names]);
    await session.release();
    expect([tf.getBackend(), tf.memory().numTensors]).toEqual(["cpu", before]);
  }, 60_000);

  it("gives the same outputs as a graph model of TensorFlow.js", async () => {
    const before = tf.memory().numTensors;
    const { check, files } = await exportTfjs(made, join(folder, "tfjs"));
    expect(check!.difference).toBeLessThan(difference);
    expect(files[0]).toBe(join(folder, "tfjs/model.json"));
    const json = JSON.parse(await readFile(files[0]!, "utf8"));
    expect(Object.keys(json.signature.outputs)).toEqual(names);
    expect(json.userDefinedMetadata.preprocessing).toContain("float32 [N, 64, 64, 3] (NHWC, RGB) in [0, 1]");
    expect(tf.memory().numTensors).toBe(before);
  }, 60_000);
});

describe("at full width, on images of 33 pixels", () => {
  it.each([
    ["r18", { depth: 18 }],
    ["r50", { depth: 50 }],
    ["r50_1x_sk1", { depth: 50, selectiveKernel: true }],
  ] as const)(
    "%s gives the same outputs in onnxruntime-node, and in tfjs on cpu",
    async (name, architecture) => {
      await tf.setBackend("onednn");
      const made = make({ ...architecture, widthMultiplier: 1, imageSize: 33 }, "classifier");
      const onnx = await exportOnnx(made, join(folder, `${name}.onnx`));
      expect(onnx.check!.difference).toBeLessThan(1e-5);
      await tf.setBackend("cpu");
      const tfjs = await exportTfjs(made, join(folder, name));
      expect(tfjs.check!.difference).toBeLessThan(1e-5);
      made.dispose();
    },
    300_000,
  );
});

describe("exports", () => {
  it("say in ONNX's metadata what goes in and what comes out", async () => {
    const made = make({ depth: 18, widthMultiplier: 1 / 64 }, "classifier");
    const text = new TextDecoder("latin1").decode(await encodeOnnxModel(made));
    for (const words of ["preprocessing", "(NHWC, RGB) in [0, 1]", '["a","b","c","d","e","f","g"]', "a test", "batch"])
      expect(text).toContain(words);
    made.dispose();
  });

  it("are refused if the network uses an operation that has no counterpart, by name", async () => {
    const made = make({ depth: 18, widthMultiplier: 1 / 64 }, "none");
    const { encoder } = made;
    const odd: Model = {
      ...made,
      encoder: {
        ...encoder,
        forward: (images, options) => {
          const output = encoder.forward(images, options);
          return { ...output, pooled: tf.tanh(output.pooled) };
        },
      },
    };
    for (const encode of [encodeOnnxModel, encodeTfjsModel])
      await expect(encode(odd)).rejects.toThrow(
        "Cannot export the model: it uses the operation Tanh, which is not supported in an export. Supported are Add, Sub,",
      );
    expect(tf.getBackend()).toBe("cpu");
    made.dispose();
  });

  it("are refused if they answer otherwise than the model", async () => {
    const made = make({ depth: 18, widthMultiplier: 1 / 64 }, "none");
    const run = async () => ({ representation: new Float32Array(2 * 8) });
    await expect(verifyExport(made, "m.onnx", run)).rejects.toThrow(
      "m.onnx does not compute what the model computes: its outputs differ by 1 of the largest",
    );
    await expect(verifyExport(made, "m.onnx", async () => ({}))).rejects.toThrow("differ by Infinity");
    made.dispose();
  });

  it("cannot be checked if the model itself gives no numbers", async () => {
    const made = make({ depth: 18, widthMultiplier: 1 / 64 }, "none");
    const variance = made.weights.find(({ name }) => name.endsWith("stem/norm/movingVariance"))!.variable;
    tf.tidy(() => variance.assign(tf.fill(variance.shape, -1)));
    const run = async () => ({ representation: new Float32Array(2 * 8).fill(Number.NaN) });
    await expect(verifyExport(made, "m.onnx", run)).rejects.toThrow(
      "m.onnx cannot be checked: the model's own representation is not finite",
    );
    made.dispose();
  });

  it("name the file that cannot be written", async () => {
    const made = make({ depth: 18, widthMultiplier: 1 / 64 }, "none");
    await writeFile(join(folder, "plain"), "");
    await expect(exportOnnx(made, join(folder, "plain/model.onnx"))).rejects.toThrow(
      `Cannot write ${join(folder, "plain/model.onnx")}: `,
    );
    made.dispose();
  });
});
