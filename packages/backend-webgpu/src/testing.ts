import { existsSync } from "node:fs";
import { arch, platform } from "node:process";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect } from "vitest";

/** Where Debian's Chromium keeps SwiftShader, a Vulkan driver that computes on the CPU. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Whether tests can open a WebGPU device; points Vulkan to SwiftShader where no other driver was chosen.
 *
 * With `REQUIRE_WEBGPU=1` a missing driver fails the tests instead of skipping them.
 */
export function hasTestDevice(): boolean {
  const chosen = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (chosen === undefined && existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES = SWIFTSHADER;
  const library = ["x86_64", "aarch64"].some((cpu) => existsSync(`/usr/lib/${cpu}-linux-gnu/libvulkan.so.1`));
  const found = platform !== "linux" || (library && (chosen !== undefined || existsSync(SWIFTSHADER)));
  if (!found && process.env.REQUIRE_WEBGPU === "1")
    throw new Error(`No Vulkan driver on ${platform}-${arch}: apt-get install chromium libvulkan1`);
  return found;
}

/** Why tests are skipped, for their title. */
export const NEEDS_DEVICE = "needs libvulkan1 and a Vulkan driver, such as Chromium's";

/** Deterministic values in [-1, 1) with nothing regular about them. */
export function noise(count: number, seed: number): Float32Array {
  let state = seed * 7919 + 17;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function noiseTensor<R extends tf.Rank>(shape: number[], seed: number): tf.Tensor<R> {
  return tf.tensor(noise(tf.util.sizeFromShape(shape), seed), shape as tf.ShapeMap[R]);
}

/** Computes on a backend and reads the results; tensors are made inside, so that they belong to it. */
export async function on(backend: "cpu" | "webgpu", f: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  await tf.ready();
  const before = tf.memory().numTensors;
  const results = tf.tidy(f);
  const values = await Promise.all(results.map((each) => each.data<"float32">()));
  tf.dispose(results);
  if (tf.memory().numTensors !== before) throw new Error(`${tf.memory().numTensors - before} tensors leaked`);
  return values;
}

/** Largest difference, relative to the largest expected value; infinite for NaN. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    difference = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(difference, d);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

/** Asserts that every result of webgpu differs from that of cpu by at most `tolerance` of its largest value. */
export async function expectParity(f: () => tf.Tensor[], tolerance = 5e-6): Promise<void> {
  const expected = await on("cpu", f);
  const actual = await on("webgpu", f);
  expect(actual.length).toBe(expected.length);
  for (const [i, values] of expected.entries())
    expect(relativeError(actual[i]!, values), `result ${i}`).toBeLessThan(tolerance);
}
