import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { equalize } from "./equalize.js";
import { applied, noise } from "./test-images.js";

const always = equalize({ probability: 1 });

/** Histogram equalization of one channel of bytes in whole numbers, as Pillow defines it. */
function equalizedBytes(bytes: readonly number[]): number[] {
  const histogram = new Array<number>(256).fill(0);
  for (const byte of bytes) histogram[byte]! += 1;
  const step = Math.floor((bytes.length - histogram[Math.max(...bytes)]!) / 255);
  if (step === 0) return [...bytes];
  let n = Math.floor(step / 2);
  const table = histogram.map((count) => {
    const level = Math.min(255, Math.floor(n / step));
    n += count;
    return level;
  });
  return bytes.map((byte) => table[byte]!);
}

describe("equalize", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("pulls two levels apart to black and white", () => {
      // 512 of 1024 pixels are darker than the brightest: step 2, so the levels are 1 / 2 -> 0 and 513 / 2 -> 255.
      const image = tf.tensor4d(
        Array.from({ length: 1024 }, (_, i) => (i % 2 === 0 ? 50 : 200) / 255),
        [1, 32, 32, 1],
      );
      const expected = Array.from({ length: 1024 }, (_, i) => (i % 2 === 0 ? 0 : 1));
      expectClose(applied(always, image)[0]!, expected, {});
    });

    it("is what loops over each channel give, whatever the histogram", () => {
      const random = Random.fromSeed(4);
      const [batchSize, height, width, channels] = [5, 24, 30, 3];
      const pixels = Array.from({ length: batchSize * height * width * channels }, (_, k) => {
        const image = Math.floor(k / (height * width * channels));
        const u = random.uniform();
        return Math.floor(255 * [u, u ** 4, 0.4 + 0.1 * u, k % 2 === 0 ? 1 : u / 9, 1 - u ** 3][image]!);
      });
      const images = tf.tensor4d(
        pixels.map((byte) => byte / 255),
        [batchSize, height, width, channels],
      );
      const results = applied(always, images);
      const perImage = height * width * channels;
      for (const [i, result] of results.entries())
        for (let channel = 0; channel < channels; channel++) {
          const ofChannel = (values: ArrayLike<number>) =>
            Array.from({ length: height * width }, (_, p) => values[p * channels + channel]!);
          const expected = equalizedBytes(ofChannel(pixels.slice(i * perImage, (i + 1) * perImage)));
          expectClose(
            ofChannel(result),
            expected.map((byte) => byte / 255),
            { atol: 6e-8 }, // one float32 division
          );
        }
    });

    it("leaves channels of one level, and small images, to the last bit", () => {
      const flat = tf.fill([1, 20, 20, 3], 0.3) as tf.Tensor4D;
      expect(applied(always, flat)[0]).toEqual(flat.dataSync());
      const small = noise([1, 15, 15, 2]); // below 255 pixels no step is left
      expect(applied(always, small)[0]).toEqual(small.dataSync());
    });
  });

  it("says what a probability may be", () => {
    expect(() => equalize({ probability: -1 })).toThrow("equalize: `probability` must be in [0, 1]; received -1.");
  });
});
