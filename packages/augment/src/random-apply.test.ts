import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { randomResizedCrop } from "./crop.js";
import { flipLeftRight } from "./flip.js";
import { flipUpDown } from "./flip-up-down.js";
import { randomApply } from "./random-apply.js";
import { appliedAndDrawn, context, noise, repeat } from "./test-images.js";

const count = 400;

describe("randomApply", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("applies all steps or none, with the given probability", () => {
      const image = noise([1, 2, 3, 2]);
      const plain = [...image.dataSync()];
      const turned = [10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1].map((k) => plain[k]); // pixels in the opposite order
      const both = randomApply([flipLeftRight({ probability: 1 }), flipUpDown({ probability: 1 })], {
        probability: 0.3,
      });
      let applied = 0;
      for (const { values, drawn } of appliedAndDrawn(both, repeat(count, image))) {
        const [own, ...ofSteps] = drawn;
        expect([...values]).toEqual(own!.applied ? turned : plain);
        expect(ofSteps.map(({ path }) => path)).toEqual(own!.applied ? ["flipLeftRight", "flipUpDown"] : []);
        applied += Number(own!.applied);
      }
      expect(Math.abs(applied - 0.3 * count)).toBeLessThan(4 * Math.sqrt(count * 0.3 * 0.7));
    });

    it("draws its steps' numbers independently of whether it applies them", () => {
      const image = noise([1, 2, 3, 2]);
      const sometimes = randomApply([flipLeftRight()], { probability: 0.5 });
      const drawn = appliedAndDrawn(sometimes, repeat(count, image)).filter((result) => result.drawn[0]!.applied);
      const flips = drawn.filter((result) => result.drawn[1]!.applied).length;
      expect(Math.abs(flips - drawn.length / 2)).toBeLessThan(2 * Math.sqrt(drawn.length)); // four standard deviations
    });
  });

  it("says when its steps change the shape, and what a probability may be", () => {
    const images = noise([3, 9, 7, 1]);
    expect(() => randomApply([randomResizedCrop({ size: 4 })], { probability: 1 }).apply(images, context(3))).toThrow(
      "randomApply: all images must come out as [N, 9, 7, 1]; some came out as [N, 4, 4, 1]. Crop every image, outside of it, before or after.",
    );
    expect(() => randomApply([flipUpDown()], { probability: 5 })).toThrow(
      "randomApply: `probability` must be in [0, 1]; received 5.",
    );
    expect(() => randomApply([])).toThrow("randomApply: `steps` must be a list of at least one augmentation;");
  });
});
