import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { cutMix } from "./cut-mix.js";
import type { DrawnParameters } from "./record.js";
import { softLabels } from "./soft-labels.js";
import { context, noise } from "./test-images.js";

const count = 200;
const [height, width, channels] = [12, 20, 2];

describe("cutMix", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("pastes the box that it drew from the same place of the partner, and mixes labels by its area", () => {
      const batch = {
        images: noise([count, height, width, channels]),
        labels: softLabels(new Array(count).fill(1), 2),
      };
      const partners = {
        images: tf.reverse(batch.images, 0),
        labels: softLabels(new Array(count).fill(0), 2),
      };
      const draws: Record<string, number>[] = [];
      const record = (place: number, drawn: DrawnParameters) => {
        draws[place] = drawn as Record<string, number>;
      };
      const mixed = cutMix().mix(batch, partners, { ...context(count), record });
      const [own, other, images] = [batch.images, partners.images, mixed.images].map((x) => x.dataSync());
      const labels = mixed.labels.dataSync();
      let kept = 0;
      for (const [i, box] of draws.entries()) {
        let pasted = 0;
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const isIn = y >= box.top! && y < box.top! + box.height! && x >= box.left! && x < box.left! + box.width!;
            pasted += Number(isIn);
            for (let c = 0; c < channels; c++) {
              const k = ((i * height + y) * width + x) * channels + c;
              if (images![k] !== (isIn ? other : own)![k]) expect.fail(`image ${i}, pixel ${y}, ${x}`);
            }
          }
        const share = pasted / (height * width);
        expectClose(labels.subarray(2 * i, 2 * i + 2), [share, 1 - share], { atol: 6e-8 });
        kept += (1 - share) / count;
      }
      // A box around an even centre loses about a quarter of each side at the edges, so more than the mean 1/2 is kept.
      expect(kept).toBeGreaterThan(0.55);
      expect(kept).toBeLessThan(0.8);
    });

    it("leaves only images and labels in memory, and images out by their probability", () => {
      const batch = { images: noise([4, 8, 8, 2]), labels: softLabels([0, 1, 1, 0], 2) };
      expectNewTensors(2, () => ({ ...cutMix().mix(batch, batch, context(4)) }));
      const partners = { images: tf.zerosLike(batch.images), labels: tf.reverse(batch.labels, 1) };
      const still = cutMix({ probability: 0 }).mix(batch, partners, context(4));
      expectClose(still.images, batch.images, {});
      expectClose(still.labels, batch.labels, {});
    });
  });

  it("says what its options may be", () => {
    expect(() => cutMix({ alpha: -1 })).toThrow("cutMix: `alpha` must be a finite number > 0; received -1.");
    expect(() => cutMix({ probability: 3 })).toThrow("cutMix: `probability` must be in [0, 1]; received 3.");
  });
});
