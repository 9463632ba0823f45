import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { COLOR_OPERATIONS, type ColorJitterOptions, colorJitter } from "./color-jitter.js";

const { skip, brightness, contrast, saturation, hue } = COLOR_OPERATIONS;

function noise(batchSize: number, low = 0, high = 1): tf.Tensor4D {
  const random = Random.fromSeed(3);
  return tf.tensor4d(
    Float32Array.from({ length: batchSize * 5 * 4 * 3 }, () => random.uniform(low, high)),
    [batchSize, 5, 4, 3],
  );
}

/** One image, one operation. */
function only(operation: number, factor: number, kind: ColorJitterOptions["brightness"] = "multiplicative") {
  const factors = new Float32Array(4).fill(Number.NaN); // the other factors must not be read
  factors[operation] = factor;
  return { factors, order: Int32Array.of(operation, skip, skip, skip), brightness: kind };
}

const clip = (value: number): number => Math.min(Math.max(value, 0), 1);

/** `colorsys` in TypeScript, one pixel at a time, by the sector formula: another form than the one tested. */
function toHsv([r, g, b]: number[]): [number, number, number] {
  const max = Math.max(r!, g!, b!);
  const range = max - Math.min(r!, g!, b!);
  if (range === 0) return [0, 0, max];
  const sector = max === r ? (g! - b!) / range : max === g ? 2 + (b! - r!) / range : 4 + (r! - g!) / range;
  return [(sector / 6 + 1) % 1, max > 0 ? range / max : 0, max];
}

function toRgb(h: number, s: number, v: number): number[] {
  const sector = Math.floor(h * 6);
  const f = h * 6 - sector;
  const [p, q, t] = [v * (1 - s), v * (1 - s * f), v * (1 - s * (1 - f))];
  return [
    [v, t, p],
    [q, v, p],
    [p, v, t],
    [p, q, v],
    [t, p, v],
    [v, p, q],
  ][sector % 6]!;
}

/** The table of the reference, in float64, on one image [pixels, 3]. */
function definition(image: number[][], operations: number[], factors: number[], additive: boolean): number[][] {
  let current = image;
  for (const operation of operations) {
    if (operation === skip) continue;
    const f = factors[operation]!;
    const mean = [0, 1, 2].map((c) => current.reduce((sum, pixel) => sum + pixel[c]!, 0) / current.length);
    current = current.map((pixel) => {
      if (operation === brightness) return pixel.map((x) => clip(additive ? x + f : x * f));
      if (operation === contrast) return pixel.map((x, c) => clip((x - mean[c]!) * f + mean[c]!));
      const [h, s, v] = toHsv(pixel);
      const changed = operation === hue ? toRgb((((h + f) % 1) + 1) % 1, s, v) : toRgb(h, clip(s * f), v);
      return changed.map(clip);
    });
  }
  return current;
}

describe("colorJitter", () => {
  describeBackends(["cpu", "onednn"], () => {
    it.each(["multiplicative", "additive"] as const)("does each image's operations in its own order (%s)", (kind) => {
      const random = Random.fromSeed(17);
      const batchSize = 24;
      const images = noise(batchSize, -0.1, 1.1); // a bicubic resize overshoots
      const order = new Int32Array(batchSize * 4);
      const factors = new Float32Array(batchSize * 4);
      for (let n = 0; n < batchSize; n++) {
        const permutation = random.permutation(4);
        for (let place = 0; place < 4; place++)
          order[4 * n + place] = random.bernoulli(0.2) ? skip : permutation[place]!;
        const shift = kind === "additive" ? 1 : 0;
        factors.set([random.uniform(0.2, 1.8) - shift, random.uniform(0.2, 1.8), random.uniform(0.2, 1.8)], 4 * n);
        factors[4 * n + 3] = random.uniform(-0.2, 0.2);
      }
      order.fill(skip, 0, 4); // the first image is left alone
      const values = images.dataSync();
      const expected: number[] = [];
      for (let n = 0; n < batchSize; n++) {
        const pixels = Array.from({ length: 20 }, (_, p) => [...values.subarray(60 * n + 3 * p, 60 * n + 3 * p + 3)]);
        const operations = [...order.subarray(4 * n, 4 * n + 4)];
        const own = [...factors.subarray(4 * n, 4 * n + 4)];
        expected.push(...definition(pixels, operations, own, kind === "additive").flat());
      }
      // Float32 against float64: up to four steps, each of which may enlarge a difference by 1.8 and 6 sectors of hue.
      expectClose(colorJitter(images, { factors, order, brightness: kind }), expected, { atol: 2e-5 });
    });

    it("changes nothing for a full turn of hue, saturation 1, contrast 1 and brightness 1", () => {
      const image = noise(1);
      for (const [operation, factor] of [
        [hue, 1],
        [hue, -1],
        [hue, 0],
        [saturation, 1],
        [contrast, 1],
        [brightness, 1],
      ] as const)
        expectClose(colorJitter(image, only(operation, factor)), image, { atol: 2e-6 });
      expectClose(colorJitter(image, only(brightness, 0, "additive")), image, {});
    });

    it("rotates red to green by a third of a turn", () => {
      const red = tf.tensor4d([1, 0, 0, 0.5, 0.25, 0.25], [1, 1, 2, 3]);
      expectClose(colorJitter(red, only(hue, 1 / 3)), [0, 1, 0, 0.25, 0.5, 0.25], { atol: 1e-6 });
    });

    it("gives the largest channel of each pixel in all three at saturation 0", () => {
      const image = noise(1);
      const largest = tf.tile(tf.max(image, 3, true), [1, 1, 1, 3]);
      expectClose(colorJitter(image, only(saturation, 0)), largest, { atol: 1e-6 });
    });

    it("gives each channel's mean at contrast 0", () => {
      const image = tf.tensor4d([0, 0.2, 1, 1, 0.4, 1, 0.5, 0.6, 0.4], [1, 3, 1, 3]);
      const row = [0.5, 0.4, 0.8];
      expectClose(colorJitter(image, only(contrast, 0)), [...row, ...row, ...row], { atol: 1e-6 });
    });

    it("multiplies as v2, adds as v1, and clips", () => {
      const image = tf.tensor4d([0.1, 0.5, 0.9], [1, 1, 1, 3]);
      expectClose(colorJitter(image, only(brightness, 1.5)), [0.15, 0.75, 1], { atol: 1e-7 });
      expectClose(colorJitter(image, only(brightness, -0.25, "additive")), [0, 0.25, 0.65], { atol: 1e-7 });
    });

    it("leaves an image without operations as it is, overshoot included", () => {
      const images = noise(2, -1, 2);
      const order = new Int32Array(8).fill(skip);
      const factors = new Float32Array(8);
      const same = colorJitter(images, { factors, order, brightness: "additive" });
      expect(same.dataSync()).toEqual(images.dataSync());
    });

    it("leaves only its result in memory", () => {
      const images = noise(2);
      const order = Int32Array.of(0, 1, 2, 3, 3, 2, -1, 0);
      const factors = new Float32Array(8).fill(0.1);
      expectNewTensors(1, () => colorJitter(images, { factors, order, brightness: "multiplicative" }));
    });
  });

  it("says what does not fit", () => {
    const options = only(hue, 0.1);
    expect(() => colorJitter(tf.zeros([1, 2, 2, 1]), options)).toThrow(
      "colorJitter: `images` must have shape [any, any, any, 3]; received [1, 2, 2, 1]. Colour operations need RGB images.",
    );
    expect(() => colorJitter(tf.zeros([2, 2, 2, 3]), options)).toThrow(
      "colorJitter: `factors` must have 4 entries per image, 8; received 4.",
    );
    expect(() => colorJitter(tf.zeros([1, 2, 2, 3]), { ...options, order: Int32Array.of(0, 4, 1, 2) })).toThrow(
      "colorJitter: `order` must hold 0 (brightness), 1 (contrast), 2 (saturation), 3 (hue) or -1 (skip); received 4 at 1.",
    );
  });
});
