import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { AugmentKeys } from "./augment.js";
import { cutMix } from "./cut-mix.js";
import { mixBatch } from "./mix-batch.js";
import { mixUp } from "./mix-up.js";
import { defineMixing, type LabelledImages } from "./mixing.js";
import { softLabels } from "./soft-labels.js";
import { noise } from "./test-images.js";

const random = Random.fromSeed(31);
const keys = (indices: readonly number[], change: Partial<AugmentKeys> = {}): AugmentKeys => ({
  random,
  epoch: 2,
  step: 5,
  view: 0,
  indices,
  ...change,
});
const indices = [40, 3, 77, 12, 5, 900];
const labelled = (): LabelledImages => ({ images: noise([6, 9, 7, 2]), labels: softLabels([0, 1, 2, 3, 4, 5], 6) });
/** Replaces each image by its partner, so that one sees who that is. */
const swap = defineMixing({
  name: "swap",
  mix: (_, partners) => ({ images: tf.clone(partners.images), labels: tf.clone(partners.labels) }),
});
const partnersOf = (batch: LabelledImages, named: AugmentKeys): number[] => [
  ...tf.argMax(mixBatch(batch, swap, named).labels, 1).dataSync(),
];

describe("mixBatch", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("gives each image another one as its partner, each once, and others in another epoch", () => {
      const partners = partnersOf(labelled(), keys(indices));
      expect([...partners].sort()).toEqual([0, 1, 2, 3, 4, 5]);
      for (const [i, partner] of partners.entries()) expect(partner).not.toBe(i);
      expect(partnersOf(labelled(), keys(indices))).toEqual(partners);
      expect(partnersOf(labelled(), keys(indices, { epoch: 3 }))).not.toEqual(partners);
    });

    it("gives the same images and labels when a batch is shuffled", () => {
      const order = tf.tensor1d([4, 0, 5, 2, 1, 3], "int32");
      const batch = labelled();
      const shuffled = { images: tf.gather(batch.images, order), labels: tf.gather(batch.labels, order) };
      for (const mixing of [mixUp({ alpha: 1 }), mixUp({ lambdaPer: "batch" }), cutMix()]) {
        const whole = mixBatch(batch, mixing, keys(indices));
        const other = mixBatch(shuffled, mixing, keys([...order.dataSync()].map((place) => indices[place]!)));
        expectClose(other.images, tf.gather(whole.images, order), {});
        expectClose(other.labels, tf.gather(whole.labels, order), {});
        expectClose(tf.sum(whole.labels, 1), new Array(6).fill(1), { atol: 2.4e-7 }); // shares add up
      }
    });

    it("gives the same images when a batch is split and its pairs are kept together", () => {
      const batch = labelled();
      const pairs = { partners: [1, 0, 3, 2, 5, 4] };
      const whole = mixBatch(batch, cutMix(), keys(indices), pairs);
      const part = { images: tf.slice(batch.images, 2, 2), labels: tf.slice(batch.labels, 2, 2) };
      const mixed = mixBatch(part, cutMix(), keys(indices.slice(2, 4)), { partners: [1, 0] });
      expectClose(mixed.images, tf.slice(whole.images, 2, 2), {});
      expectClose(mixed.labels, tf.slice(whole.labels, 2, 2), {});
    });

    it("leaves an image alone that has no other, and only images and labels in memory", () => {
      const single = { images: noise([1, 4, 4, 3]), labels: softLabels([1], 2) };
      const mixed = mixBatch(single, mixUp({ alpha: 1 }), keys([8]));
      expectClose(mixed.images, single.images, { atol: 1.2e-7 }); // λ x + (1 - λ) x
      const batch = labelled();
      expectNewTensors(2, () => ({ ...mixBatch(batch, cutMix(), keys(indices)) }));
    });
  });

  it("records the partner beside what was drawn", () => {
    const seen: unknown[] = [];
    const record = (place: number, drawn: object, ...path: string[]) => seen.push([place, Object.keys(drawn), path]);
    mixBatch(labelled(), mixUp(), keys(indices), { record });
    expect(seen.length).toBe(6);
    expect(seen[2]).toEqual([2, ["applied", "lambda", "partner"], ["mixUp"]]);
  });

  it("says what does not fit", () => {
    expect(() => mixBatch(labelled(), swap, keys([1]))).toThrow(
      "mixBatch: `keys.indices` must name each of the 6 images; received 1 indices. Pass the `indices` of the batch.",
    );
    expect(() => mixBatch(labelled(), swap, keys(indices), { partners: [0, 1, 2, 3, 4, 6] })).toThrow(
      "mixBatch: `partners` must be 6 places in the batch, in [0, 5]; received 6. Leave them out to have them drawn.",
    );
    expect(() => mixBatch(labelled(), swap, keys(indices), { partners: [0] })).toThrow("received 1 places.");
  });
});

describe("defineMixing", () => {
  it("says when a mixing breaks its contract, and frees what it leaked", () => {
    const batch = labelled();
    const leaky = defineMixing({
      name: "leaky",
      mix: ({ images, labels }) => ({ images: tf.add(tf.square(images), 1), labels: tf.clone(labels) }),
    });
    const before = tf.memory().numTensors;
    expect(() => mixBatch(batch, leaky, keys(indices))).toThrow(
      'mixing "leaky" left 1 tensor in memory besides its images and labels. Wrap its body in tf.tidy.',
    );
    expect(tf.memory().numTensors).toBe(before);
    const short = defineMixing({
      name: "short",
      mix: ({ images, labels }) => ({ images: tf.slice(images, 0, 1), labels: tf.clone(labels) }),
    });
    expect(() => mixBatch(batch, short, keys(indices))).toThrow(
      "short: `mixed images` must have shape [6, 9, 7, 2]; received [1, 9, 7, 2]. Mixing keeps the images' shape.",
    );
    expect(() => defineMixing({ name: "" } as never)).toThrow(
      'defineMixing: a mixing must have a `name` and a function `mix`; received "" and undefined. See mixUp for an example.',
    );
  });
});
