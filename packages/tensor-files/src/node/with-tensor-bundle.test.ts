import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pseudo } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { OBJECT_GRAPH_KEY, readObjectGraph } from "../tensor-bundle/object-graph.js";
import { withTensorBundle } from "./with-tensor-bundle.js";

/** Written by TensorFlow 2.21: `fixtures/make_tensorflow_fixtures.py`. */
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const PREFIX = fixture("tensorflow-1/model.ckpt-7");

const values = (name: string, count: number): Float32Array => Float32Array.from(pseudo(name, count));

describe("a checkpoint of tf.train.Saver", () => {
  it("is read whole, in every type", () =>
    withTensorBundle(PREFIX, async ({ entries, read }) => {
      expect(entries.size).toBe(20 + 3 + 3);
      for (let i = 0; i < 20; i++) {
        const name = `base_model/conv2d${i === 0 ? "" : `_${i}`}/kernel`;
        expect(await read(name)).toEqual({ shape: [1, 1, 2, i + 1], data: values(name, 2 * (i + 1)) });
      }
      expect(await read("float64")).toEqual({ shape: [3, 5], data: values("float64", 15) });
      for (const [name, bits] of [
        ["float16", 11],
        ["bfloat16", 8],
      ] as const) {
        const { data } = await read(name);
        for (const [i, expected] of values(name, 15).entries())
          expect(Math.abs(data[i]! - expected)).toBeLessThanOrEqual(2 ** -bits * Math.abs(expected) + 2 ** -25);
      }
      expect(await read("empty")).toEqual({ shape: [0, 4], data: new Float32Array(0) });
      expect(await read("scalar")).toEqual({ shape: [], data: Float32Array.of(2.5) });
      expect(entries.get("global_step")).toMatchObject({ type: "int64", shape: [] });
    }));

  it("is asked for by its prefix, and both files must be there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "simclr-bundle-"));
    try {
      const copy = join(folder, "model.ckpt-7");
      const read = (): Promise<unknown> => withTensorBundle(copy, ({ read }) => read("scalar"));
      await expect(read()).rejects.toThrow(`${copy}: there is no such checkpoint file. Give the path without the`);
      await copyFile(`${PREFIX}.index`, `${copy}.index`);
      await expect(read()).rejects.toThrow(`${copy}.data-00000-of-00001: there is no such checkpoint file.`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("a SavedModel", () => {
  it("tells the names of its variables, whatever the keys are", () =>
    withTensorBundle(fixture("saved-model/variables/variables"), async ({ read, readBytes }) => {
      const variables = readObjectGraph(await readBytes(OBJECT_GRAPH_KEY), "saved-model");
      const keys = new Map(variables.map(({ fullName, key }) => [fullName, key]));
      expect([...keys.keys()].sort()).toEqual([
        "resnet/batch_normalization/gamma",
        "resnet/batch_normalization/moving_mean",
        "resnet/conv2d/kernel",
      ]);
      expect(keys.get("resnet/conv2d/kernel")).toMatch(/^trainable_variables_list\/\d\//);
      const kernel = { shape: [1, 1, 3, 2], data: values("resnet/conv2d/kernel", 6) };
      expect(await read(keys.get("resnet/conv2d/kernel")!)).toEqual(kernel);
      const mean = { shape: [2], data: values("resnet/batch_normalization/moving_mean", 2) };
      expect(await read(keys.get("resnet/batch_normalization/moving_mean")!)).toEqual(mean);
    }));
});
