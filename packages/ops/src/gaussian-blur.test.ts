import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { gaussianBlur, gaussianTaps } from "./gaussian-blur.js";

/** One white pixel in the middle of black, [1, size, size, 1]. */
function impulse(size: number): tf.Tensor4D {
  const values = new Float32Array(size * size);
  values[(size * size - 1) / 2] = 1;
  return tf.tensor4d(values, [1, size, size, 1]);
}

describe("gaussianTaps", () => {
  it("has the weights of the reference for sigma 1 and 3 taps", () => {
    expectClose(gaussianTaps(1, 1), [0.27406862, 0.45186276, 0.27406862], { atol: 5e-9 }); // given to 8 decimals
  });
});

describe("gaussianBlur", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("turns a point into the outer product of its taps", () => {
      const taps = gaussianTaps(2, 1.3);
      const expected = [...taps].flatMap((a) => [...taps].map((b) => a * b));
      expectClose(gaussianBlur(impulse(5), { kernelSize: 4, sigma: 1.3 }), expected, { atol: 1e-7 });
    });

    it("darkens borders, for outside there is black", () => {
      const [a, b] = gaussianTaps(1, 1) as unknown as [number, number];
      const edge = a + b;
      const row = [edge, 1, 1, edge];
      const white = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
      expectClose(
        gaussianBlur(white, { kernelSize: 3, sigma: 1 }),
        row.flatMap((y) => row.map((x) => x * y)),
        { atol: 1e-6 },
      );
    });

    it("takes a sigma per image, and images that are not square", () => {
      const images = tf.randomUniform<tf.Rank.R4>([3, 6, 9, 3], 0, 1, "float32", 4);
      const sigmas = [0.4, 2, 0.4];
      const together = gaussianBlur(images, { kernelSize: 4, sigma: sigmas });
      for (const [i, sigma] of sigmas.entries()) {
        const alone = gaussianBlur(tf.slice(images, [i, 0, 0, 0], [1, 6, 9, 3]), { kernelSize: 4, sigma });
        expectClose(tf.slice(together, [i, 0, 0, 0], [1, 6, 9, 3]), alone, { atol: 1e-6 });
      }
    });

    it("leaves an image of sigma 0 as it is, to the last bit, beside one that it blurs", () => {
      const images = tf.randomUniform<tf.Rank.R4>([3, 6, 9, 3], -1, 2, "float32", 4);
      const together = gaussianBlur(images, { kernelSize: 4, sigma: [0, 1, 0] });
      const alone = gaussianBlur(tf.slice(images, [1, 0, 0, 0], [1, 6, 9, 3]), { kernelSize: 4, sigma: 1 });
      for (const i of [0, 2]) {
        const [got, given] = [together, images].map((x) => tf.slice(x, [i, 0, 0, 0], [1, 6, 9, 3]).dataSync());
        expect(got).toEqual(given);
      }
      expectClose(tf.slice(together, [1, 0, 0, 0], [1, 6, 9, 3]), alone, { atol: 1e-6 });
    });

    it("changes nothing where the kernel is one pixel wide, and leaves only its result in memory", () => {
      const images = impulse(3);
      expectClose(gaussianBlur(images, { kernelSize: 1, sigma: 1 }), images, {});
      expectNewTensors(1, () => gaussianBlur(images, { kernelSize: 1, sigma: 1 }));
      expectNewTensors(1, () => gaussianBlur(images, { kernelSize: 2, sigma: 1 }));
    });
  });

  it("says what is wrong with sigma", () => {
    expect(() => gaussianBlur(impulse(3), { kernelSize: 3, sigma: -1 })).toThrow(
      "gaussianBlur: `sigma` must be a finite number >= 0; received -1.",
    );
    expect(() => gaussianBlur(impulse(3), { kernelSize: 3, sigma: [1, 2] })).toThrow(
      "gaussianBlur: `sigma` must be one number, or one per image, 1; received 2.",
    );
  });
});
