import type { RawImage } from "@simclr/core";
import sharp from "sharp";
import { expect, it } from "vitest";
import { thumbnails } from "./thumbnails.js";

const plain = (height: number, width: number, color: readonly number[]): RawImage => ({
  ...{ height, width, channels: color.length },
  data: Uint8Array.from({ length: height * width * color.length }, (_, i) => color[i % color.length]!),
});

it("puts each image into its own tile, whole, in its own colours", async () => {
  const images = [
    plain(10, 10, [255, 0, 0]),
    plain(100, 50, [0, 0, 255]),
    plain(7, 7, [200]),
    plain(4, 4, [0, 255, 0, 0]),
  ];
  const { file, mediaType, ...rest } = await thumbnails(images, { tilePx: 16, columns: 3 });
  expect([mediaType, rest]).toEqual(["image/jpeg", { tilePx: 16, columns: 3, count: 4 }]);
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([48, 32, 3]);
  const at = (x: number, y: number) => [...data.subarray(3 * (y * 48 + x), 3 * (y * 48 + x) + 3)];
  const near = (pixel: number[], color: number[]): void => {
    for (const [c, value] of pixel.entries()) expect(Math.abs(value - color[c]!)).toBeLessThan(12);
  };
  near(at(1, 8), [255, 0, 0]);
  near(at(14, 8), [255, 0, 0]);
  near(at(24, 8), [0, 0, 255]);
  near(at(17, 8), [128, 128, 128]); // beside a tall image
  near(at(40, 8), [200, 200, 200]);
  near(at(8, 24), [128, 128, 128]); // a transparent one
});

it("refuses no image, and tiles that JPEG's blocks would mix", async () => {
  await expect(thumbnails([])).rejects.toThrow("thumbnails: `images` must hold at least one image; received none.");
  await expect(thumbnails([plain(1, 1, [0])], { tilePx: 20 })).rejects.toThrow(
    "`tilePx` must be a multiple of 8; received 20.",
  );
  await expect(thumbnails([{ ...plain(2, 2, [0]), width: 3 }])).rejects.toThrow("`images[0].data` must be 6 bytes");
});
