import "@simclr/backend-onednn/register";
import { cropStream, Random, type RandomCropSpec, sampleCropBox } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { type AugmentKeys, augment } from "./augment.js";
import { batchView } from "./batch-view.js";
import { colorJitter } from "./color-jitter.js";
import { simclrV2 } from "./recipes.js";
import type { RecordDraw } from "./record.js";
import { appliedAndDrawn, noise } from "./test-images.js";

const random = Random.fromSeed(12);
const indices = Array.from({ length: 12 }, (_, i) => 3 * i);
const keys: AugmentKeys = { random, epoch: 2, step: 9, view: 1, indices };

describe("recording", () => {
  describeBackends(["cpu", "onednn"], () => {
    const recipe = simclrV2({ size: 20 });
    const draws: Record<string, unknown>[] = indices.map(() => ({}));
    const record: RecordDraw = (place, drawn, ...path) => {
      draws[place]![path.join("/")] = drawn;
    };

    it("does not change the views, and tells what each step of a recipe drew from its own stream", () => {
      const images = noise([12, 30, 26, 3]);
      const recorded = augment(images, recipe, keys, { record });
      expect(recorded.dataSync()).toEqual(augment(images, recipe, keys).dataSync());
      const sigmaPx = random.fork("augment-batch", 2, 9, 1, "gaussianBlur").uniform(0.1, 2);
      for (const [i, index] of indices.entries()) {
        const stream = random.fork("augment", 2, index, 1);
        const box = sampleCropBox(cropStream(random, 2, index, 1), recipe[0]!.crop as RandomCropSpec, 30, 26);
        expect(draws[i]!.randomResizedCrop).toEqual(box);
        expect(draws[i]!.flipLeftRight).toEqual({ applied: stream.fork("flipLeftRight").bernoulli(0.5) });
        expect(draws[i]!.grayscale).toEqual({ applied: stream.fork("grayscale").bernoulli(0.2) });
        expect(draws[i]!.colorJitter).toMatchObject({ applied: stream.fork("colorJitter").bernoulli(0.8) });
        const isBlurred = stream.fork("gaussianBlur").bernoulli(0.5);
        expect(draws[i]!.gaussianBlur).toEqual(isBlurred ? { applied: true, sigmaPx } : { applied: false });
      }
    });

    it("tells the operations of a colour jitter in their order, with their factors", () => {
      const amounts = { brightness: 0.4, contrast: 0, saturation: 0, hue: 0 };
      const gray = noise([1, 1, 1, 3]);
      const [{ values, drawn }] = appliedAndDrawn(colorJitter({ probability: 1, amounts }), gray) as [
        ReturnType<typeof appliedAndDrawn>[number],
      ];
      expect(drawn[0]!.order).toEqual(["brightness"]);
      const factor = drawn[0]!.brightness as number;
      expectClose(
        values,
        [...gray.dataSync()].map((x) => Math.min(1, x * factor)),
        { atol: 6e-8 }, // one float32 rounding
      );
      const [all] = appliedAndDrawn(colorJitter({ probability: 1 }), gray);
      expect([...(all!.drawn[0]!.order as string[])].sort()).toEqual(["brightness", "contrast", "hue", "saturation"]);
    });
  });

  it("is passed on by batchView", () => {
    const seen: string[] = [];
    const batch = {
      kind: "raw",
      images: new Uint8Array(2 * 8 * 8 * 3),
      shape: [2, 8, 8, 3],
      indices: Int32Array.of(4, 5),
      labels: Int32Array.of(0, 0),
    } as const;
    batchView(
      batch,
      simclrV2({ size: 8, blur: false }),
      { random, epoch: 0, step: 0, view: 0 },
      {
        record: (place, _, step) => seen.push(`${place} ${step}`),
      },
    );
    expect(seen).toEqual(
      ["randomResizedCrop", "flipLeftRight", "colorJitter", "grayscale"].flatMap((step) => [`0 ${step}`, `1 ${step}`]),
    );
  });
});
