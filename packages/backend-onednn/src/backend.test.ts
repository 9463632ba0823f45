import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { OnednnBackend } from "./backend.js";
import { kernelCalls } from "./kernel-calls.js";
import { loadBinding, onednnInfo, onednnMemory } from "./loader.js";
import { registerOnednnBackend } from "./register-backend.js";

tf.env().set("PROD", true);

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

describe("storage", () => {
  it.each(["float32", "int32", "bool"] as const)("gives %s values back unchanged", (dtype) => {
    const values = { float32: [1.5, Number.NaN, -0, 3e38], int32: [2 ** 31 - 1, -(2 ** 31), 0, 7], bool: [1, 0, 1, 1] };
    const x = tf.tensor1d(values[dtype], dtype);
    expect(Array.from(x.dataSync(), Number)).toEqual(
      dtype === "float32" ? Array.from(new Float32Array(values.float32)) : values[dtype],
    );
    x.dispose();
  });

  it("keeps strings and complex numbers", () => {
    const text = tf.tensor1d(["a", "bc"], "string");
    expect(text.dataSync()).toEqual(["a", "bc"]);
    const z = tf.complex([1, 2], [3, 4]);
    expect(Array.from(z.dataSync())).toEqual([1, 3, 2, 4]);
    expect(Array.from(tf.imag(z).dataSync())).toEqual([3, 4]);
    tf.dispose([text, z]);
  });

  it("reshapes without a copy and frees with the last reference", () => {
    const before = onednnMemory().buffers;
    const x = tf.ones([4, 6]);
    const y = tf.reshape(x, [3, -1]);
    expect(y.shape).toEqual([3, 8]);
    expect(y.dataId).toBe(x.dataId);
    expect(onednnMemory().buffers).toBe(before + 1);
    x.dispose();
    expect(y.dataSync()[23]).toBe(1);
    y.dispose();
    expect(onednnMemory().buffers).toBe(before);
  });

  it("takes tensors over from another backend and hands them back", async () => {
    await tf.setBackend("cpu");
    const a = tf.tensor1d([1, 2, 3]);
    await tf.setBackend("onednn");
    const b = tf.add(a, 1);
    await tf.setBackend("cpu");
    expect(Array.from(tf.add(b, a).dataSync())).toEqual([3, 5, 7]);
    await tf.setBackend("onednn");
    tf.dispose([a, b]);
  });

  it("refuses a handle that is no longer live", () => {
    const binding = loadBinding();
    const handle = binding.write(new Float32Array(4));
    binding.free(handle);
    expect(() => binding.read(handle)).toThrow(/not live/);
    const again = binding.write(new Float32Array(4)); // takes the same slot
    expect(() => binding.read(handle)).toThrow(/not live/);
    binding.free(again);
  });

  it("refuses storage of the wrong size or dtype before a kernel sees it", () => {
    const binding = loadBinding();
    const x = binding.write(new Float32Array(3));
    const f = binding.write(new Int32Array(4));
    const sizes = [1, 2, 2, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 0, 0];
    expect(() => binding.kernels.Conv2D?.(x, f, null, sizes, false)).toThrow(
      "Conv2D: argument 0 must be 4 values of float32; received 3 of float32",
    );
    for (const handle of [x, f]) binding.free(handle);
  });

  it("refuses a negative size, and its pool stays whole", () => {
    const binding = loadBinding();
    const before = onednnMemory().usedBytes;
    expect(() => binding.kernels.Fill?.(-2, 1, "float32")).toThrow(/out of memory/);
    expect(onednnMemory().usedBytes).toBe(before);
  });
});

describe("kernel calls", () => {
  it("are counted where they run: in the addon, or in tfjs's cpu backend", () => {
    const before = kernelCalls();
    tf.tidy(() => {
      tf.square(tf.ones([2], "float32"));
      tf.square(tf.ones([2], "int32")); // the addon squares float32 alone
      tf.tan(tf.ones([2])); // not in the addon
    });
    const after = kernelCalls();
    const increase = (name: string) => ({
      native: after.get(name)!.native - before.get(name)!.native,
      host: after.get(name)!.host - before.get(name)!.host,
    });
    expect(increase("Square")).toEqual({ native: 1, host: 1 });
    expect(increase("Tan")).toEqual({ native: 0, host: 1 });
    expect(before.get("Tan")).toEqual({ native: 0, host: 0 });
  });
});

describe("life", () => {
  afterEach(async () => {
    await tf.setBackend("onednn");
  });

  it("can be made and disposed hundreds of times, and frees everything", () => {
    const before = onednnMemory();
    for (let i = 0; i < 400; i++) {
      const backend = new OnednnBackend(loadBinding());
      for (let k = 0; k < 5; k++) backend.write(new Float32Array(1000), [1000], "float32");
      expect(backend.numDataIds()).toBe(5);
      backend.dispose();
      expect(backend.numDataIds()).toBe(0);
    }
    expect(onednnMemory().buffers).toBe(before.buffers);
  });

  it("says what it runs on", () => {
    const info = onednnInfo();
    expect(info.version).toMatch(/^[23]\.\d+\.\d+$/);
    expect(info.threads).toBeGreaterThanOrEqual(1);
  });

  it("does not accept a senseless number of threads", () => {
    expect(() => registerOnednnBackend({ threads: 0 })).toThrow(
      "oneDNN backend: `threads` must be an integer from 1 to 1024; received 0. Leave it out to use all cores.",
    );
  });
});
