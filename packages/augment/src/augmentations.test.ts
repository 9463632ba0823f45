import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { augmentations } from "./augmentations.js";
import { rotate } from "./rotate.js";
import { context, noise } from "./test-images.js";

describe("augmentations", () => {
  it("names every entry as its key and as the augmentation that it makes", () => {
    for (const [key, entry] of Object.entries(augmentations)) {
      const steps = "stepsOption" in entry ? { [entry.stepsOption]: [rotate()] } : {};
      const size = (entry.optionNames as readonly string[]).includes("size") ? { size: 8 } : {};
      const made = entry.with({ ...steps, ...size });
      expect([entry.name, made.name]).toEqual([key, key]);
    }
  });

  it("passes the options on", () => {
    const images = noise([2, 6, 6, 3]);
    const [byName, direct] = [
      augmentations.rotate.with({ degrees: [10, 20], fill: 0.5 }),
      rotate({ degrees: [10, 20], fill: 0.5 }),
    ].map((augmentation) => augmentation.apply(images, context(2)));
    expectClose(byName!, direct!.dataSync(), {});
    const never = augmentations.randomApply.with({ steps: [rotate()], probability: 0 }).apply(images, context(2));
    expectClose(never, images.dataSync(), {});
    tf.dispose([images, byName!, direct!, never]);
  });

  it.each([
    [
      "colorJitter",
      { strenght: 1 },
      "unknown option `strenght`; expected one of probability, strength, brightness, amounts, order.",
    ],
    ["clip", { low: 0 }, "unknown option `low`; expected none."],
    ["oneOf", { steps: [] }, "unknown option `steps`; expected one of choices, weights."],
    ["grayscale", { probability: "0.5" }, '`probability` must be a number; received "0.5".'],
    ["rotate", { degrees: [1, 2, 3] }, "`degrees` must be a number or a range [low, high]; received [1,2,3]."],
    ["colorJitter", { amounts: 0.5 }, "`amounts` must be a table of numbers; received 0.5."],
    ["randomResizedCrop", { size: 8, area: 0.5 }, "`area` must be a list of numbers; received 0.5."],
  ] as const)("says what is wrong with the options of %s", (name, options, message) => {
    expect(() => augmentations[name].with(options)).toThrow(`augmentation "${name}": ${message} Correct or remove it.`);
  });

  it("leaves ranges to the factories", () => {
    expect(() => augmentations.grayscale.with({ probability: 2 })).toThrow(
      "grayscale: `probability` must be in [0, 1]",
    );
  });
});
