import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { isSimclrError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadBinding, onednnMemory } from "./loader.js";
import { registerOnednnBackend } from "./register-backend.js";
import { normal } from "./testing.js";

const MIB = 2 ** 20;

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

/** A convolution, batch statistics and a gradient kernel; nothing is disposed. */
function work(): tf.Tensor[] {
  const x = normal([2, 8, 8, 16], 1) as tf.Tensor4D;
  const y = tf.relu(tf.conv2d(x, normal([3, 3, 16, 16], 2) as tf.Tensor4D, 1, "same"));
  const attrs = { strides: 1, pad: "same", dataFormat: "NHWC", filterShape: [3, 3, 16, 16], dilations: 1 };
  return [y, tf.mean(y, [0, 1, 2]), tf.engine().runKernel("Conv2DBackpropFilter", { x, dy: y }, attrs) as tf.Tensor];
}

describe("a backend that is made and disposed 323 times", () => {
  it("leaves neither data ids, nor pool memory, nor memory of the process", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const cycle = async () => {
      tf.engine().reset();
      await tf.setBackend("onednn");
      work(); // the backend's end must free what the program has not
    };
    const measure = () => {
      tf.engine().reset();
      collect();
      return { ...onednnMemory(), rss: process.memoryUsage().rss };
    };
    for (let i = 0; i < 40; i++) await cycle();
    const before = measure();
    for (let i = 0; i < 323; i++) await cycle();
    const after = measure();
    expect({ ...after, rss: 0 }).toEqual({ ...before, rss: 0 });
    // AddressSanitizer keeps freed memory for a while.
    const mayGrow = process.env.LD_PRELOAD?.includes("libasan") ? 512 * MIB : 16 * MIB;
    expect(after.rss - before.rss).toBeLessThan(mayGrow); // of the JavaScript heap; a leak of the tensors alone is 60
    await tf.setBackend("onednn");
    expect(tf.engine().backend.numDataIds()).toBe(0);
  });
});

it("is told by tf.memory()", () => {
  const x = tf.ones([1024, 1024]);
  const { numBytes, usedBytes, buffers } = { ...onednnMemory(), ...tf.memory() };
  expect(buffers).toBe(tf.memory().numDataBuffers);
  expect(usedBytes).toBeGreaterThanOrEqual(numBytes);
  expect(usedBytes - numBytes).toBeLessThan(0.01 * numBytes); // no other tensor of size is alive
  x.dispose();
});

describe("the limit", () => {
  const { setMemoryLimit, trim } = loadBinding();
  afterEach(() => setMemoryLimit(0));

  it("is an error that names the kernel, its shapes and dtypes, and leaves the backend usable", () => {
    tf.tidy(() => {
      const x = tf.ones([512, 1024]);
      trim();
      setMemoryLimit(onednnMemory().reservedBytes + 2 * MIB);
      let error: unknown;
      try {
        tf.tile(x, [1, 1000]); // 2 GB
      } catch (caught) {
        error = caught;
      }
      expect(isSimclrError(error)).toBe(true);
      expect((error as Error).message).toMatch(
        /^oneDNN backend: Tile\(\[512,1024\] float32\): out of memory \(2097152000 bytes wanted, \d+ used(, \d+ taken from the system of at most \d+)?; the limit is reached\)\. Take smaller batches/,
      );
      expect(tf.sum(x).dataSync()[0]).toBe(512 * 1024);
    });
  });

  it("lets through what fits", () => {
    trim();
    setMemoryLimit(onednnMemory().reservedBytes + 64 * MIB);
    const y = tf.tidy(() => tf.sum(tf.add(tf.ones([4096, 1024]), 1))); // 16 MB each
    expect(y.dataSync()[0]).toBe(2 * 4096 * 1024);
    y.dispose();
  });

  it("is refused unless it is a number of bytes", () => {
    expect(() => registerOnednnBackend({ memoryLimitBytes: 0 })).toThrow(
      "oneDNN backend: `memoryLimitBytes` must be a whole number of bytes > 0; received 0. Leave it out for no limit.",
    );
  });
});

describe("a worker thread that ends", () => {
  it("gives its tensors back, also when it is terminated", async () => {
    const addon = process.env.SIMCLR_ONEDNN_ADDON ?? new URL("../build/simclr_onednn.node", import.meta.url).pathname;
    const script = `
      const { parentPort } = require("node:worker_threads");
      const addon = require(${JSON.stringify(addon)});
      for (let i = 0; i < 5; i++) addon.write(new Float32Array(1 << 20));
      parentPort.postMessage("ready");
      setInterval(() => {}, 1000);`;
    const kept = tf.ones([3]);
    const before = onednnMemory();
    const worker = new Worker(script, { eval: true });
    await once(worker, "message");
    expect(onednnMemory().buffers).toBe(before.buffers + 5);
    await worker.terminate();
    const { buffers, usedBytes } = onednnMemory();
    expect({ buffers, usedBytes }).toEqual({ buffers: before.buffers, usedBytes: before.usedBytes });
    expect(kept.dataSync()[0]).toBe(1); // this thread's own are still there
    kept.dispose();
  });
});
