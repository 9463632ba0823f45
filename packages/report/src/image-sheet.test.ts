import type { RawImage } from "@simclr/core";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { imageSheet } from "./image-sheet.js";

/** 2 x 2: red, green / blue, white. */
const corners: RawImage = {
  height: 2,
  width: 2,
  channels: 3,
  data: Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]),
};
const grey: RawImage = { height: 1, width: 1, channels: 1, data: Uint8Array.of(77) };

async function decode(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const pixel = (x: number, y: number) => [...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4)];
  return { width: info.width, height: info.height, channels: info.channels, pixel };
}

describe("imageSheet", () => {
  it("repeats every pixel as a sharp square and leaves the gap transparent", async () => {
    const sheet = await decode(await imageSheet([[corners, grey]], { tilePx: 8, gapPx: 2 }));
    expect([sheet.width, sheet.height, sheet.channels]).toEqual([18, 8, 4]);
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) {
        const expected = [
          [255, 0, 0, 255],
          [0, 255, 0, 255],
          [0, 0, 255, 255],
          [255, 255, 255, 255],
        ][(y < 4 ? 0 : 2) + (x < 4 ? 0 : 1)];
        expect(sheet.pixel(x, y)).toEqual(expected);
      }
      expect(sheet.pixel(8, y)[3]).toBe(0);
      expect(sheet.pixel(9, y)[3]).toBe(0);
      expect(sheet.pixel(10, y)).toEqual([77, 77, 77, 255]);
    }
  });

  it("enlarges by whole factors only, centres what is left, and separates groups of rows", async () => {
    const rows = [[corners], [corners], [corners]];
    const sheet = await decode(await imageSheet(rows, { tilePx: 7, gapPx: 1, rowsPerGroup: 2 }));
    expect([sheet.width, sheet.height]).toEqual([7, 7 + 1 + 7 + 3 + 7]);
    expect(sheet.pixel(0, 0)).toEqual([255, 0, 0, 255]); // factor 3: 6 pixels, the seventh stays clear
    expect(sheet.pixel(6, 0)[3]).toBe(0);
    expect(sheet.pixel(0, 18)).toEqual([255, 0, 0, 255]);
  });

  it("makes a large image smaller with its proportions kept", async () => {
    const wide = { height: 50, width: 200, channels: 3, data: new Uint8Array(50 * 200 * 3).fill(200) };
    const sheet = await decode(await imageSheet([[wide]], { tilePx: 40 }));
    expect(sheet.pixel(20, 14)[3]).toBe(0); // 40 x 10, centred: rows 15 to 24
    expect(sheet.pixel(20, 15)).toEqual([200, 200, 200, 255]);
    expect(sheet.pixel(20, 24)).toEqual([200, 200, 200, 255]);
    expect(sheet.pixel(20, 25)[3]).toBe(0);
  });

  it("says which image is wrong", async () => {
    const short = { ...corners, data: new Uint8Array(11) };
    await expect(imageSheet([[corners, short]])).rejects.toThrow(
      "imageSheet: `rows[0][1].data` must be 12 bytes (2 x 2 x 3); received 11. Pass uint8, [height, width, channels].",
    );
    await expect(imageSheet([[{ ...corners, channels: 2 }]])).rejects.toThrow(
      "imageSheet: `rows[0][0].channels` must be 1 (grey), 3 (RGB) or 4 (RGBA); received 2. Convert the image first.",
    );
    await expect(imageSheet([[]])).rejects.toThrow("imageSheet: `rows` must hold at least one image; received none.");
  });
});
