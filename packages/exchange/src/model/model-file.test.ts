import "@simclr/ops/register";
import { assignWeights, CheckpointError, Random, readWeights } from "@simclr/core";
import { classifier, projectionHead, resNet } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "@simclr/test-utils";
import { type Model, model, networkOf } from "./model.js";
import { decodeModel, decodeModelFile, encodeModel } from "./model-file.js";

const random = Random.fromSeed(4);
const preprocessing = { imageSize: 32, cropFraction: 1, resize: "tf1-bicubic" } as const;
const classNames = ["cat", "größe", "三"];

function makeModel(): Model {
  const encoder = resNet({ depth: 18, widthMultiplier: 1 / 64, imageSize: 32, random });
  const inputDimension = encoder.featureDimension;
  return model({
    encoder,
    head: projectionHead({ inputDimension, outputDimension: 4, random }),
    headLayers: 2,
    classifier: classifier({ inputDimension, classCount: 3, zeroInit: false, random }),
    classifierLayer: 1,
    preprocessing,
    classNames,
    origin: "a test",
  });
}

const join = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

let original: Model;
let bytes: Uint8Array;
beforeAll(async () => {
  await tf.setBackend("cpu");
  original = makeModel();
  bytes = join(await encodeModel(original));
});
afterAll(() => original.dispose());

it("reads back what it wrote: parts, weights, preprocessing, class names", async () => {
  const before = tf.memory().numTensors;
  const read = await decodeModel(bytes, "m.safetensors");
  expect(read.describe()).toEqual(original.describe());
  expect([read.preprocessing, read.classNames, read.origin]).toEqual([preprocessing, classNames, "a test"]);
  expect(await readWeights(read.weights)).toEqual(await readWeights(original.weights));
  const images = tf.randomUniform<tf.Rank.R4>([2, 32, 32, 3], 0, 1, "float32", 1);
  const logits = (of: Model): tf.Tensor => networkOf(of, "m").forward(images, { training: false });
  const [ours, theirs] = [logits(original), logits(read)];
  expect(theirs.dataSync()).toEqual(ours.dataSync());
  tf.dispose([images, ours, theirs]);
  read.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it("holds only the layers of the head that the model has", async () => {
  const { arrays, description } = await decodeModelFile(bytes, "m");
  expect(Object.keys(arrays).filter((name) => name.startsWith("head/layer2"))).toEqual([]);
  expect(Object.keys(arrays)).toContain("head/layer1/dense/kernel");
  expect(description).toMatchObject({ headLayers: 2, classifierLayer: 1 });
});

describe("a file that does not fit", () => {
  const change = (at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const dataStart = (): number => 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));

  it("is refused by name of the tensor that was altered", async () => {
    const damaged = change(bytes.length - 1);
    await expect(decodeModel(damaged, "m.safetensors")).rejects.toThrow(CheckpointError);
    await expect(decodeModel(damaged, "m.safetensors")).rejects.toThrow(
      'The model m.safetensors cannot be used: the tensor "head/layer1/norm/movingVariance" was altered (its SHA-256 does not match). Copy or save it again.',
    );
  });

  it("is refused wherever its header or its end was altered", async () => {
    for (let at = 0; at < dataStart(); at += 211)
      await expect(decodeModel(change(at), "m"), `byte ${at}`).rejects.toThrow(CheckpointError);
    for (const length of [0, 7, dataStart() - 1, dataStart() + 9, bytes.length - 1])
      await expect(decodeModel(bytes.subarray(0, length), "m"), `${length} bytes`).rejects.toThrow(CheckpointError);
  });

  it("is refused if another program wrote it", async () => {
    const header = new TextEncoder().encode("{}");
    await expect(decodeModel(join([Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), header]), "m")).rejects.toThrow(
      "it does not describe itself as a model of simclr. Import files of other programs with simclr import",
    );
  });

  it("is refused by a network of another architecture, which names the tensors that differ", async () => {
    const { arrays } = await decodeModelFile(bytes, "m");
    const wider = resNet({ depth: 18, widthMultiplier: 1 / 32, imageSize: 32, random: "zeros" });
    expect(() => assignWeights(wider.weights, arrays, "m")).toThrow(
      /unexpected: "classifier\/bias" \[3\].*of another shape: "encoder\/stem\/conv\/kernel" must be \[3, 3, 3, 2\], saved \[3, 3, 3, 1\]/,
    );
    wider.dispose();
  });
});
