import "@simclr/backend-onednn/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { posterize } from "./posterize.js";
import { applied, appliedAndDrawn, repeat } from "./test-images.js";

const bytes = Array.from({ length: 256 }, (_, i) => i);
const ramp = () =>
  tf.tensor4d(
    bytes.map((byte) => byte / 255),
    [1, 16, 16, 1],
  );

describe("posterize", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("clears the low bits of every byte", () => {
      for (const bits of [1, 2, 3, 4, 5, 6, 7, 8]) {
        const mask = 0xff & (0xff << (8 - bits));
        const [result] = applied(posterize({ probability: 1, bits }), ramp());
        expectClose(
          result!,
          bytes.map((byte) => (byte & mask) / 255),
          { atol: 6e-8 }, // one float32 division, or a product with the reciprocal
        );
      }
    });

    it("draws the bits of each image, all as often", () => {
      const results = appliedAndDrawn(posterize({ probability: 1, bits: [2, 4] }), repeat(300, ramp()));
      const counts = new Map<number, number>();
      for (const { values, drawn } of results) {
        const bits = drawn[0]!.bits as number;
        expect(new Set(values).size).toBe(2 ** bits); // so many levels are left
        counts.set(bits, (counts.get(bits) ?? 0) + 1);
      }
      expect([...counts.keys()].sort()).toEqual([2, 3, 4]);
      for (const n of counts.values()) expect(Math.abs(n - 100)).toBeLessThan(4 * Math.sqrt((300 * 2) / 9));
    });
  });

  it("says what bits may be", () => {
    expect(() => posterize({ bits: 0 })).toThrow(
      "posterize: `bits` must be a number or a range [low, high] within [1, 8]; received 0.",
    );
    expect(() => posterize({ bits: [2, 3.5] })).toThrow(
      "posterize: `bits` must be whole numbers; received [2, 3.5]. Round them.",
    );
  });
});
