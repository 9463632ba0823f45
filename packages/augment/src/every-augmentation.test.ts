import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import { describe, it } from "vitest";
import type { Augmentation } from "./augmentation.js";
import { channelDrop } from "./channel-drop.js";
import { type CheckAugmentationOptions, checkAugmentation } from "./check-augmentation.js";
import { clip } from "./clip.js";
import { colorJitter } from "./color-jitter.js";
import { compose } from "./compose.js";
import { centerCrop, randomResizedCrop } from "./crop.js";
import { equalize } from "./equalize.js";
import { flipLeftRight } from "./flip.js";
import { flipUpDown } from "./flip-up-down.js";
import { gaussianBlur } from "./gaussian-blur.js";
import { gaussianNoise } from "./gaussian-noise.js";
import { grayscale } from "./grayscale.js";
import { oneOf } from "./one-of.js";
import { posterize } from "./posterize.js";
import { quarterTurn } from "./quarter-turn.js";
import { randomApply } from "./random-apply.js";
import { randomErasing } from "./random-erasing.js";
import { randomOrder } from "./random-order.js";
import { rotate } from "./rotate.js";
import { solarize } from "./solarize.js";

/** A Keys kernel's taps on one axis add up to at most 1.375 in magnitude (a = -0.75), so both axes overshoot by less. */
const overshoot: CheckAugmentationOptions = { range: [-0.9, 1.9] };
const half = { probability: 0.5 };

/** Every augmentation, and whether it takes images of any number of channels; the others need RGB. */
const table: readonly [Augmentation, "any C" | "RGB", CheckAugmentationOptions?][] = [
  [randomResizedCrop({ size: 20 }), "any C", overshoot],
  [randomResizedCrop({ size: 20, sampler: "torchvision", kernel: "bilinear" }), "any C"],
  [centerCrop({ size: 20 }), "any C", overshoot],
  [flipLeftRight(), "any C"],
  [flipUpDown(), "any C"],
  [quarterTurn(), "any C"],
  [rotate(half), "any C"],
  [colorJitter(), "RGB"],
  [grayscale(), "RGB"],
  [channelDrop(half), "RGB"],
  [solarize({ ...half, threshold: [0, 1] }), "any C"],
  [posterize({ ...half, bits: [1, 8] }), "any C"],
  [equalize(half), "any C"],
  [gaussianBlur(), "any C"],
  [gaussianBlur({ sigmaPer: "image" }), "any C"],
  [gaussianNoise(), "any C"],
  [randomErasing(), "any C"],
  [randomErasing({ fill: "noise" }), "any C"],
  [clip(), "any C"],
  [compose([flipUpDown(), rotate(), flipUpDown()]), "any C"],
  [randomApply([rotate(), solarize()]), "any C"],
  [oneOf([rotate(), equalize(), compose([flipUpDown(), gaussianNoise()])]), "any C"],
  [randomOrder([solarize(), gaussianBlur(), rotate(), flipLeftRight()]), "any C"],
];

describe("every augmentation keeps the contract", () => {
  describeBackends(["cpu", "onednn"], () => {
    for (const [augmentation, channels, options] of table) {
      const { name } = augmentation;
      it(`${name} on RGB`, () => checkAugmentation(augmentation, options));
      if (channels === "any C")
        for (const c of [1, 5])
          it(`${name} on ${c} ${c === 1 ? "channel" : "channels"}`, () =>
            checkAugmentation(augmentation, { ...options, imageShape: [21, 21, c], seeds: [5, 6] }));
    }
  });
});
