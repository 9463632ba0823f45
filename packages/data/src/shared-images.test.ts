import { expect, it } from "vitest";
import { defineDataset } from "./define-dataset.js";
import { sharedImages } from "./shared-images.js";

/** Images of 8 × 8 that are all of one value, but for the last byte. */
const dataset = (name: string, pixels: readonly (readonly [value: number, last: number])[]) =>
  defineDataset({
    name,
    size: pixels.length,
    id: (index) => `${name}${index}`,
    read: (index) => {
      const [value, last] = pixels[index]!;
      const data = new Uint8Array(8 * 8 * 3).fill(value);
      data[data.length - 1] = last;
      return { height: 8, width: 8, channels: 3, data };
    },
  });

it("finds what both have, pixel by pixel, and nothing that only looks alike", async () => {
  const train = dataset("train", [
    [1, 1],
    [2, 2],
    [3, 9],
    [2, 2],
  ]);
  const test = dataset("test", [
    [2, 2],
    [3, 3],
    [4, 4],
    [2, 2],
  ]);
  expect(await sharedImages(train, test)).toEqual([
    { first: "train1", second: "test0" },
    { first: "train3", second: "test0" },
  ]);
});

it("finds nothing where sizes differ", async () => {
  const train = dataset("train", [[1, 1]]);
  const wide = defineDataset({
    name: "wide",
    size: 1,
    read: () => ({ height: 4, width: 16, channels: 3, data: new Uint8Array(8 * 8 * 3).fill(1) }),
  });
  expect(await sharedImages(train, wide)).toEqual([]);
});
