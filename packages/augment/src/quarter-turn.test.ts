import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { quarterTurn } from "./quarter-turn.js";
import { applied, appliedAndDrawn, context, noise, repeat } from "./test-images.js";

/** 1 2 / 3 4 after each number of quarters, counter-clockwise. */
const TURNED = [
  [1, 2, 3, 4],
  [2, 4, 1, 3],
  [4, 3, 2, 1],
  [3, 1, 4, 2],
];

describe("quarterTurn", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("turns counter-clockwise, each turn as often as the others", () => {
      const image = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
      const counts = [0, 0, 0, 0];
      for (const { values, drawn } of appliedAndDrawn(quarterTurn(), repeat(400, image))) {
        const quarters = drawn[0]!.quarters as number;
        expect([...values]).toEqual(TURNED[quarters]);
        counts[quarters]! += 1;
      }
      for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(4 * Math.sqrt(75));
    });

    it("keeps the channels of a pixel together", () => {
      const image = noise([1, 3, 3, 2]);
      const pixel = (values: ArrayLike<number>, y: number, x: number) => [
        values[6 * y + 2 * x],
        values[6 * y + 2 * x + 1],
      ];
      const values = applied(quarterTurn({ turns: [1] }), image)[0]!;
      for (let y = 0; y < 3; y++)
        for (let x = 0; x < 3; x++) expect(pixel(values, 2 - x, y)).toEqual(pixel(image.dataSync(), y, x));
    });
  });

  it("turns other shapes upside down only, and says so", () => {
    const wide = noise([2, 4, 6, 1]);
    expect(quarterTurn({ turns: [0, 2] }).apply(wide, context(2)).shape).toEqual([2, 4, 6, 1]);
    expect(() => quarterTurn().apply(wide, context(2))).toThrow(
      "quarterTurn: `images` must be square to be turned by one or three quarters; received 4 x 6 pixels. Crop them first, or pass turns: [0, 2].",
    );
    expect(() => quarterTurn({ turns: [90 as 1] })).toThrow(
      "quarterTurn: `turns` must be a list of 0, 1, 2 and 3; received [90]. They count quarters of a turn, counter-clockwise; use rotate for other angles.",
    );
  });
});
