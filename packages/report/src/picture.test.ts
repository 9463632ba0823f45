import sharp from "sharp";
import { expect, it } from "vitest";
import { picture } from "./picture.js";

const grey = (width: number, height: number) => ({
  ...{ width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(90) },
});

it("keeps small images as they are, and the proportions of large ones", async () => {
  const sizeOf = async (file: Uint8Array) => {
    const { format, width, height } = await sharp(file).metadata();
    return [format, width, height];
  };
  expect(await sizeOf(await picture(grey(16, 8)))).toEqual(["jpeg", 16, 8]);
  expect(await sizeOf(await picture(grey(200, 50), { maxSidePx: 100 }))).toEqual(["jpeg", 100, 25]);
  const { data } = await sharp(await picture(grey(16, 8)))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([...new Set(data)]).toEqual([90]); // one colour survives JPEG exactly
});

it("refuses data that do not fit the shape", async () => {
  await expect(picture({ ...grey(4, 4), width: 5 })).rejects.toThrow("`image.data` must be 60 bytes (4 x 5 x 3)");
});
