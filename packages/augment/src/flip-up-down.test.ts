import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { flipUpDown } from "./flip-up-down.js";
import { applied, appliedAndDrawn, repeat } from "./test-images.js";

describe("flipUpDown", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("turns the rows round, and nothing else", () => {
      const image = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 3, 2, 1]);
      expect([...applied(flipUpDown({ probability: 1 }), image)[0]!]).toEqual([5, 6, 3, 4, 1, 2]);
    });

    it("mirrors half of the images, and says which", () => {
      const image = tf.tensor4d([0.25, 0.75], [1, 2, 1, 1]);
      const results = appliedAndDrawn(flipUpDown(), repeat(400, image));
      for (const { values, drawn } of results)
        expect([...values]).toEqual(drawn[0]!.applied ? [0.75, 0.25] : [0.25, 0.75]);
      const flips = results.filter(({ drawn }) => drawn[0]!.applied).length;
      expect(Math.abs(flips - 200)).toBeLessThan(4 * Math.sqrt(100)); // four standard deviations
    });
  });

  it("says what a probability may be", () => {
    expect(() => flipUpDown({ probability: 2 })).toThrow("flipUpDown: `probability` must be in [0, 1]; received 2.");
  });
});
