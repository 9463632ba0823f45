import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends, expectNewTensors } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { type AugmentKeys, augment } from "./augment.js";
import type { Augmentation } from "./augmentation.js";
import { compose } from "./compose.js";
import { randomResizedCrop } from "./crop.js";
import { flipLeftRight } from "./flip.js";
import { flipUpDown } from "./flip-up-down.js";
import { rotate } from "./rotate.js";
import { appliedAndDrawn, context, noise } from "./test-images.js";

describe("compose", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("is its steps one after another, each with the stream of its name below the composition's", () => {
      const images = noise([5, 12, 10, 3]);
      const steps = [randomResizedCrop({ size: 8 }), flipLeftRight(), flipLeftRight()];
      const random = Random.fromSeed(3);
      const keys: AugmentKeys = { random, epoch: 0, step: 2, view: 1, indices: [4, 1, 7, 9, 2] };
      const [crop, first, second] = steps as [Augmentation, Augmentation, Augmentation];
      const streams = (...path: (string | number)[]) => ({
        randoms: [4, 1, 7, 9, 2].map((i) => random.fork("augment", 0, i, 1, "compose", ...path)),
        batchRandom: random.fork("augment-batch", 0, 2, 1, "compose", ...path),
      });
      const cropped = crop.apply(images, streams("randomResizedCrop"));
      const flipped = first.apply(cropped, streams("flipLeftRight"));
      const expected = second.apply(flipped, streams("flipLeftRight", 1));
      expect(augment(images, [compose(steps)], keys).dataSync()).toEqual(expected.dataSync());
    });

    it("leaves only its result in memory", () => {
      const images = noise([3, 6, 6, 1]);
      const both = compose([flipUpDown(), rotate(), flipLeftRight()]);
      expectNewTensors(1, () => both.apply(images, context(3)));
    });
  });

  it("records what its steps draw, under their names", () => {
    const nested = compose([flipUpDown({ probability: 1 }), compose([rotate({ degrees: 45 })], { name: "inner" })]);
    for (const { drawn } of appliedAndDrawn(nested, noise([2, 4, 4, 1])))
      expect(drawn).toEqual([
        { applied: true, path: "flipUpDown" },
        { applied: true, degrees: 45, path: "inner/rotate" },
      ]);
  });

  it("says what is not an augmentation", () => {
    expect(() => compose([])).toThrow(
      "compose: `steps` must be a list of at least one augmentation; received none. Pass them as an array.",
    );
    expect(() => compose([flipUpDown(), flipLeftRight as unknown as Augmentation])).toThrow(
      "compose: `steps[1]` must be an augmentation, with a name and apply; received function. Call the factory, as in flipLeftRight(), or make one with defineAugmentation.",
    );
    expect(() => compose([flipUpDown()], { name: "a b" })).toThrow('starting with a letter; received "a b".');
  });
});
