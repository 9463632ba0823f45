import { flipLeftRight, randomApply, simclrV2 } from "@simclr/augment";
import { useBackend } from "@simclr/backends";
import { Random, type RawImage } from "@simclr/core";
import { imageSheet } from "@simclr/report";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { previewSheet } from "./preview-sheet.js";

const image = (...data: number[]): RawImage => ({ height: 1, width: 2, channels: 1, data: Uint8Array.from(data) });

describe("previewSheet", () => {
  beforeAll(() => useBackend("cpu"));

  it("shows each original and its views, and tells what was drawn for each", async () => {
    const random = Random.fromSeed(5);
    const images = [image(10, 250), image(0, 128)];
    const { png, draws } = await previewSheet(images, [flipLeftRight()], { views: 8, tilePx: 8, random });
    // Whether an image is mirrored is the first number of its stream.
    const mirrored = [0, 1].map((index) =>
      Array.from({ length: 8 }, (_, view) => random.fork("augment", 0, index, view, "flipLeftRight").bernoulli(0.5)),
    );
    expect(draws).toEqual(
      mirrored.map((row) => row.map((applied) => [{ step: "flipLeftRight", parameters: { applied } }])),
    );
    const expected = images.map((original, i) => [
      original,
      ...mirrored[i]!.map((isMirrored) => (isMirrored ? image(original.data[1]!, original.data[0]!) : original)),
    ]);
    expect(png).toEqual(await imageSheet(expected, { tilePx: 8 }));
  });

  it("names the steps within compositions, takes images of several sizes, and leaves no tensor", async () => {
    const photo = (side: number): RawImage => ({
      height: side,
      width: side + 3,
      channels: 3,
      data: Uint8Array.from({ length: side * (side + 3) * 3 }, (_, i) => (i * 37) % 256),
    });
    const before = tf.memory().numTensors;
    const recipe = [...simclrV2({ size: 16 }), randomApply([flipLeftRight()], { probability: 1 })];
    const { draws } = await previewSheet([photo(20), photo(30), photo(9)], recipe, { rows: 2, views: 1 });
    expect(tf.memory().numTensors).toBe(before);
    expect(draws.map((row) => row.length)).toEqual([1, 1]);
    expect(draws[0]![0]!.map(({ step }) => step)).toEqual([
      "randomResizedCrop",
      "flipLeftRight",
      "colorJitter",
      "grayscale",
      "gaussianBlur",
      "randomApply",
      "randomApply/flipLeftRight",
    ]);
  });

  it("says what it needs", async () => {
    await expect(previewSheet([], [flipLeftRight()])).rejects.toThrow(
      "previewSheet: `images` must hold at least one image; received none. Pass a few.",
    );
    await expect(previewSheet([image(1, 2)], [flipLeftRight()], { views: 0 })).rejects.toThrow(
      "previewSheet: `views` must be an integer >= 1; received 0.",
    );
  });
});
