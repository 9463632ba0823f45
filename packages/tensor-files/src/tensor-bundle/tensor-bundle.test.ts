import { CheckpointError, Random } from "@simclr/core";
import { type BundleFiles, type BundleTensor, pseudo, writeTensorBundle } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { openTensorBundle, type TensorBundle } from "./tensor-bundle.js";

const TENSORS: Record<string, BundleTensor> = {
  ...Object.fromEntries(
    Array.from({ length: 90 }, (_, i): [string, BundleTensor] => {
      const name = `base_model/conv2d${i === 0 ? "" : `_${i}`}/kernel`;
      return [name, { shape: [1, 2, 2, 1 + (i % 7)], data: Float32Array.from(pseudo(name, 4 * (1 + (i % 7)))) }];
    }),
  ),
  global_step: { shape: [], data: BigInt64Array.of(250228n) },
};

const open = ({ index, shards }: BundleFiles): TensorBundle =>
  openTensorBundle(
    index,
    async (shard, offset, length) => shards[shard]!.subarray(offset, offset + length),
    "model.ckpt-1",
  );

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte));

describe("a checkpoint that the tests' own writer made", () => {
  it.each([{}, { shards: 3 }, { useSnappy: true }, { restartInterval: 1 }, { restartInterval: 100, shards: 2 }])(
    "is read whole: %j",
    async (options) => {
      const bundle = open(writeTensorBundle(TENSORS, options));
      expect(bundle.shards).toBe(options.shards ?? 1);
      expect([...bundle.entries.keys()]).toEqual(Object.keys(TENSORS).sort());
      for (const [name, { shape, data }] of Object.entries(TENSORS))
        if (data instanceof Float32Array) expect(await bundle.read(name)).toEqual({ shape, data });
      expect(bundle.entries.get("global_step")).toMatchObject({ type: "int64", shape: [], size: 8 });
    },
  );

  it("gives the tensor's name when a byte of its data was flipped, and reads the others", async () => {
    const files = writeTensorBundle(TENSORS);
    const bundle = open(files);
    const { offset, size } = bundle.entries.get("base_model/conv2d_13/kernel")!;
    const damaged = open({ ...files, shards: [flip(files.shards[0]!, offset + size - 1)] });
    await expect(damaged.read("base_model/conv2d_13/kernel")).rejects.toThrow(
      'model.ckpt-1: the tensor "base_model/conv2d_13/kernel" cannot be used: it was altered (its CRC-32C does not match).',
    );
    await expect(damaged.read("base_model/conv2d_12/kernel")).resolves.toBeDefined();
  });

  it("tells what is missing, cut short or holds no floats", async () => {
    const files = writeTensorBundle(TENSORS);
    const short = open({ ...files, shards: [files.shards[0]!.subarray(0, 100)] });
    await expect(short.read("base_model/conv2d_9/kernel")).rejects.toThrow(
      /"base_model\/conv2d_9\/kernel" .*cut short/,
    );
    await expect(short.read("x")).rejects.toThrow('the tensor "x" cannot be used: it is missing');
    await expect(open(files).read("global_step")).rejects.toThrow(
      'the tensor "global_step" must hold floating-point numbers; it holds int64.',
    );
  });

  it("is refused wherever one bit of the index is flipped, and wherever it is cut", () => {
    const files = writeTensorBundle(TENSORS, { restartInterval: 4 });
    const { index } = files;
    for (let at = 0; at < index.length; at += 7) {
      const isPadding = at >= index.length - 48 && index[at] === 0;
      if (!isPadding) expect(() => open({ ...files, index: flip(index, at) }), `byte ${at}`).toThrow(CheckpointError);
    }
    for (let length = 0; length < index.length; length += 97)
      expect(() => open({ ...files, index: index.subarray(0, length) })).toThrow(
        /model\.ckpt-1\.index is not a valid TensorFlow checkpoint: /,
      );
  });

  it("never fails otherwise than with a CheckpointError, also where the checksums were made to fit", () => {
    const random = Random.fromSeed(3).fork("mutations");
    const { shards } = writeTensorBundle({});
    for (let i = 0; i < 300; i++) {
      const name = String.fromCharCode(...Array.from({ length: random.integer(0, 9) }, () => random.integer(0, 300)));
      const { index } = writeTensorBundle({ [name]: { shape: [random.integer(0, 5)], data: new Float32Array(1) } });
      const mutated = flip(index, random.integer(0, index.length));
      try {
        open({ index: mutated, shards });
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }
  });
});
