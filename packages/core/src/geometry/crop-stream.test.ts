import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { augmentStream, cropStream } from "./crop-stream.js";

describe("cropStream", () => {
  it("is the fork of the image's augmentation stream that is named for the random crop", () => {
    const random = Random.fromSeed(6);
    const drawn = cropStream(random, 2, 41, 1).uniform();
    expect(random.fork("augment", 2, 41, 1).fork("randomResizedCrop").uniform()).toBe(drawn);
    expect(augmentStream(random, 2, 41, 1).fork("randomResizedCrop").uniform()).toBe(drawn);
    expect(cropStream(random, 2, 41, 0).uniform()).not.toBe(drawn);
  });
});
