import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expectClose } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import type { CropBox, ResizeKernel } from "../crop-spec.js";
import type { RawImage } from "../dataset.js";
import { Random } from "../random.js";
import { cropAndResizeHost } from "./crop-and-resize-host.js";

const kernels: readonly ResizeKernel[] = ["tf1-bicubic", "tf2-bicubic", "bilinear", "vips"];

function noise(height: number, width: number, channels: number): RawImage {
  const random = Random.fromSeed(4);
  const data = Uint8Array.from({ length: height * width * channels }, () => random.integer(0, 256));
  return { height, width, channels, data };
}

/** Keys' kernel as a function of distance, from the paper: the plain, slow form of what is tested. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

function oracle(image: RawImage, box: CropBox, size: number, kernel: ResizeKernel): number[] {
  const half = kernel === "tf1-bicubic" ? 0 : 0.5;
  const weigh = (x: number): number =>
    kernel === "bilinear" ? Math.max(0, 1 - Math.abs(x)) : cubic(x, kernel === "tf1-bicubic" ? -0.75 : -0.5);
  const row = (i: number, length: number): [number, number][] => {
    const source = (i + half) * (length / size) - half;
    const step = kernel === "vips" ? Math.max(1, length / size) : 1;
    const taps: [number, number][] = [];
    for (let p = Math.floor(source - 2 * step); p <= Math.ceil(source + 2 * step); p++) {
      if (kernel === "tf2-bicubic" && (p < 0 || p >= length)) continue;
      taps.push([Math.min(Math.max(p, 0), length - 1), weigh((p - source) / step)]);
    }
    const sum = taps.reduce((total, [, w]) => total + w, 0);
    return taps.map(([p, w]) => [p, w / sum]);
  };
  const result: number[] = [];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      for (let c = 0; c < image.channels; c++) {
        let sum = 0;
        for (const [py, wy] of row(y, box.height))
          for (const [px, wx] of row(x, box.width))
            sum += wy * wx * image.data[((box.top + py) * image.width + box.left + px) * image.channels + c]!;
        result.push(sum / 255);
      }
  return result;
}

describe("cropAndResizeHost", () => {
  it("is the sum that the kernel's definition gives, growing and shrinking", () => {
    const image = noise(23, 31, 3);
    const boxes: CropBox[] = [
      { top: 0, left: 0, height: 23, width: 31 },
      { top: 3, left: 7, height: 5, width: 20 },
      { top: 22, left: 30, height: 1, width: 1 },
    ];
    for (const kernel of kernels)
      for (const box of boxes)
        expectClose(cropAndResizeHost(image, box, 9, kernel), oracle(image, box, 9, kernel), { atol: 1e-6 }); // float32
  });

  it("takes any number of channels, and writes where it is told to, shared memory or not", () => {
    for (const channels of [1, 2, 4, 5, 9]) {
      const image = noise(11, 13, channels);
      const box = { top: 1, left: 2, height: 9, width: 8 };
      const shared = new Float32Array(new SharedArrayBuffer(4 * (36 * channels + 8)));
      const into = shared.subarray(4, 4 + 36 * channels);
      expect(cropAndResizeHost(image, box, 6, "vips", { into })).toBe(into);
      expectClose(into, oracle(image, box, 6, "vips"), { atol: 1e-6 });
      expect([...shared.subarray(0, 4), ...shared.subarray(-4)]).toEqual(new Array(8).fill(0));
    }
    expect(() =>
      cropAndResizeHost(noise(4, 4, 3), { top: 0, left: 0, height: 4, width: 4 }, 4, "vips", {
        into: new Float32Array(47),
      }),
    ).toThrow("cropAndResizeHost: `into` must hold 48 floats, as [4, 4, 3] says; received 47.");
  });

  it("runs what resample.wat says", () => {
    const script = fileURLToPath(new URL("../../scripts/build-wasm.mjs", import.meta.url));
    expect(execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toBe("");
  });

  it("is division by 255, to the last bit, where nothing is cropped or resized", () => {
    const image = noise(8, 8, 3);
    const expected = Float32Array.from(image.data, (value) => value / 255);
    for (const kernel of kernels)
      expect(cropAndResizeHost(image, { top: 0, left: 0, height: 8, width: 8 }, 8, kernel)).toEqual(expected);
  });

  it("mirrors left to right, bit for bit, and takes one channel", () => {
    const image = noise(20, 14, 1);
    const box = { top: 2, left: 1, height: 11, width: 13 };
    for (const kernel of kernels) {
      const plain = cropAndResizeHost(image, box, 7, kernel);
      const mirrored = Float32Array.from(plain, (_, i) => plain[Math.floor(i / 7) * 7 + 6 - (i % 7)]!);
      expect(cropAndResizeHost(image, box, 7, kernel, { flip: true })).toEqual(mirrored);
    }
  });

  it("says when the box or the data do not fit the image", () => {
    const image = noise(10, 10, 3);
    expect(() => cropAndResizeHost(image, { top: 0, left: 4, height: 5, width: 7 }, 4, "bilinear")).toThrow(
      "cropAndResizeHost: `box` must lie within the image of 10x10 pixels; received top 0, left 4, height 5, width 7. Draw it with sampleCropBox or centerCropBox from the size of this very image.",
    );
    const cut = { ...image, data: image.data.subarray(1) };
    expect(() => cropAndResizeHost(cut, { top: 0, left: 0, height: 5, width: 5 }, 4, "bilinear")).toThrow(
      "cropAndResizeHost: `image.data` must hold 300 bytes, as [10, 10, 3] says; received 299.",
    );
  });
});
