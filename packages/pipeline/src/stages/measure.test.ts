import { evaluate } from "@simclr/augment";
import { useBackend } from "@simclr/backends";
import { shapes } from "@simclr/data";
import { meetingRanks } from "@simclr/distributed/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { type Forward, featuresOf } from "./measure.js";

beforeAll(() => useBackend("cpu"));

/** Means of the colours over the image, and how many images came with it: a row tells whose batch it was in. */
const coloursAndCompany: Forward = (images) =>
  tf.tidy(() => {
    const count = images.shape[0];
    return tf.concat2d([tf.mean(images, [1, 2]) as tf.Tensor2D, tf.fill([count, 1], count)], 1);
  });

// 11 images in batches of 3 are 4 batches: of 5 ranks one has none.
it.each([1, 2, 3, 5])("%d ranks gather the rows that one process makes, in its batches", async (ranks) => {
  const dataset = shapes({ split: "test", size: 11 });
  const rowsOn = (communicator?: Parameters<typeof featuresOf>[4]) =>
    featuresOf(dataset, evaluate({ size: 32 }), 3, coloursAndCompany, communicator);
  const alone = await rowsOn();
  expect([...alone.values].filter((_, i) => i % 4 === 3)).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2]);
  const { data } = await dataset.read(4);
  const red = data.reduce((sum, value, i) => sum + (i % 3 === 0 ? value : 0), 0) / 255 / 1024;
  expect(alone.values[4 * 4]).toBeCloseTo(red, 5);
  for (const rows of await Promise.all(meetingRanks(ranks).map(rowsOn))) expect(rows).toEqual(alone);
});
