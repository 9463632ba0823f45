import "@simclr/backend-onednn/register";
import { cropAndResizeHost, cropStream, Random, type RandomCropSpec, sampleCropBox } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type AugmentKeys, augment, splitCrop } from "./augment.js";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { randomResizedCrop } from "./crop.js";
import { cifar, evaluate, simclr, simclrV2 } from "./recipes.js";
import { noise } from "./test-images.js";
import { toImages } from "./to-images.js";

const random = Random.fromSeed(99);
const keys = (indices: readonly number[], change: Partial<AugmentKeys> = {}): AugmentKeys => ({
  random,
  epoch: 1,
  step: 7,
  view: 0,
  indices,
  ...change,
});
const values = (images: tf.Tensor4D, recipe: readonly Augmentation[], named: AugmentKeys): Float32Array =>
  tf.tidy(() => augment(images, recipe, named).dataSync() as Float32Array);

describe("augment", () => {
  const indices = [5, 900, 17, 3, 0, 41, 8];
  const everything = simclrV2({ size: 24 }); // blur included: 24 pixels make 3 taps

  describeBackends(["cpu", "onednn"], () => {
    it("gives the same images when a batch is split or shuffled", () => {
      const images = noise([7, 30, 26, 3]);
      const whole = values(images, everything, keys(indices));
      const length = whole.length / 7;
      const first = values(tf.slice(images, 0, 3), everything, keys(indices.slice(0, 3)));
      const second = values(tf.slice(images, 3, 4), everything, keys(indices.slice(3)));
      expect(first).toEqual(whole.subarray(0, 3 * length));
      expect(second).toEqual(whole.subarray(3 * length));
      const turned = values(tf.reverse(images, 0), everything, keys([...indices].reverse()));
      expect(turned.subarray(0, length)).toEqual(whole.subarray(6 * length));
    });

    it("gives the same views for the same keys, and others for another epoch, view, image or seed", () => {
      const images = noise([2, 32, 32, 3]);
      const recipe = cifar();
      const views = values(images, recipe, keys([1, 2]));
      expect(values(images, recipe, keys([1, 2]))).toEqual(views);
      expect(values(images, recipe, keys([1, 2], { step: 8 }))).toEqual(views); // nothing is drawn per batch here
      for (const other of [{ epoch: 2 }, { view: 1 }, { indices: [3, 4] }, { random: Random.fromSeed(98) }])
        expect(values(images, recipe, keys([1, 2], other))).not.toEqual(views);
    });

    it("crops as a loader does that draws its boxes from cropStream", () => {
      const crop = randomResizedCrop({ size: 16 });
      const bytes = Uint8Array.from({ length: 3 * 40 * 30 * 3 }, (_, i) => (i * 7919) % 251);
      const images = toImages({ images: bytes, shape: [3, 40, 30, 3] });
      const onDevice = values(images, [crop], keys([4, 11, 6], { view: 1 }));
      const onHost = [4, 11, 6].flatMap((index, i) => {
        const data = bytes.subarray(i * 3600, (i + 1) * 3600);
        const box = sampleCropBox(cropStream(random, 1, index, 1), crop.crop as RandomCropSpec, 40, 30);
        return [...cropAndResizeHost({ height: 40, width: 30, channels: 3, data }, box, 16, "tf1-bicubic")];
      });
      expectClose(onDevice, onHost, { atol: 2e-6 }); // float32 sums of 16 terms
    });

    it("stays within [0, 1] to the end, and takes images larger and smaller than the view", () => {
      for (const side of [20, 70])
        for (const recipe of [simclr({ size: 32 }), simclrV2({ size: 32 }), evaluate({ size: 48 })]) {
          const views = augment(noise([3, side, side, 3]), recipe, keys([0, 1, 2]));
          const [low, high] = [tf.min(views).dataSync()[0]!, tf.max(views).dataSync()[0]!];
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          expect(high - low).toBeGreaterThan(0.2); // and has not lost the picture
        }
    });

    it("leaves only its result in memory", () => {
      const images = noise([4, 32, 32, 3]);
      expectNewTensors(1, () => augment(images, everything, keys([0, 1, 2, 3])));
      expectNewTensors(1, () => augment(images, [], keys([0, 1, 2, 3])));
      expectClose(images, noise([4, 32, 32, 3]), {});
    });
  });

  it("gives a name that comes twice streams of its own, per image and per batch", () => {
    const seen: number[][] = [];
    const spy = defineAugmentation({
      name: "spy",
      apply: (images, { randoms, batchRandom }) => {
        seen.push([...randoms.map((stream) => stream.uniform()), batchRandom.uniform()]);
        return tf.clone(images);
      },
    });
    augment(noise([2, 4, 4, 3]), [spy, spy], keys([0, 1]));
    augment(noise([2, 4, 4, 3]), [spy], keys([0, 1], { step: 8 }));
    expect(new Set(seen.flat()).size).toBe(7); // the last call shares its two images' numbers with the first
    expect(seen[2]!.slice(0, 2)).toEqual(seen[0]!.slice(0, 2));
    expect(random.fork("augment", 1, 0, 0).fork("spy").uniform()).toBe(seen[0]![0]);
    expect(random.fork("augment-batch", 1, 7, 0).fork("spy").uniform()).toBe(seen[0]![2]);
  });

  it("says when indices are missing, and passes on an error without leaving tensors", () => {
    const images = noise([2, 4, 4, 3]);
    expect(() => augment(images, everything, keys([1]))).toThrow(
      "augment: `keys.indices` must name each of the 2 images; received 1 indices. Pass the `indices` of the batch.",
    );
    expect(() => augment(images, everything, keys([1, 2], { epoch: -1 }))).toThrow(
      "augment: `epoch` must be an integer >= 0; received -1.",
    );
    expect(() => augment(images, [everything[1]!, randomResizedCrop as unknown as Augmentation], keys([1, 2]))).toThrow(
      "augment: `recipe[1]` must be an augmentation, with a name and apply; received function. Call the factory, as in flipLeftRight(), or make one with defineAugmentation.",
    );
    const gray = noise([2, 40, 40, 1]);
    const before = tf.memory().numTensors;
    expect(() => augment(gray, everything, keys([1, 2]))).toThrow(
      "colorJitter: `images` must have shape [any, any, any, 3]; received [2, 24, 24, 1]. Decode images as RGB, or take colorJitter and grayscale out of the recipe.",
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("splitCrop", () => {
  it("parts the crop from the rest where it comes first", () => {
    const recipe = simclrV2({ size: 64 });
    const { crop, rest } = splitCrop(recipe);
    expect(crop).toEqual({
      kind: "random-resized-crop",
      size: 64,
      sampler: "tf",
      area: [0.08, 1],
      aspect: [3 / 4, 4 / 3],
      kernel: "tf1-bicubic",
    });
    expect(rest).toEqual(recipe.slice(1));
    expect(splitCrop(rest)).toEqual({ crop: undefined, rest });
  });

  it("does not change what the other steps draw", () => {
    const images = noise([3, 24, 24, 3]);
    const recipe = cifar({ size: 24 });
    const [first, ...others] = recipe;
    const cropped = augment(images, [first!], keys([1, 2, 3]));
    expect(values(cropped, others, keys([1, 2, 3]))).toEqual(values(images, recipe, keys([1, 2, 3])));
  });
});
