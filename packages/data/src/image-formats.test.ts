// Files by ImageMagick and Pillow: fixtures/make_fixtures.py.
import { readFileSync } from "node:fs";
import type { RawImage } from "@simclr/core";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type DecodeSettings, decodeImage } from "./decode-image.js";

const plain: DecodeSettings = { channels: 3, maxPixels: 1_000_000 };
const decode = (name: string, settings: Partial<DecodeSettings> = {}): Promise<RawImage> =>
  decodeImage(readFileSync(new URL(`../fixtures/images/${name}`, import.meta.url)), { ...plain, ...settings });

type Color = readonly number[];
const at = ({ data, width, channels }: RawImage, y: number, x: number): number[] =>
  Array.from(data.subarray((y * width + x) * channels, (y * width + x + 1) * channels));
const distance = (a: Color, b: Color): number => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

const RED = [200, 10, 20];
const GREEN = [10, 200, 20];
const BLUE = [10, 20, 200];
const WHITE = [240, 240, 240];
/** The middles of the four quarters. */
const quarters = (image: RawImage): [Color, Color, Color, Color] => [
  at(image, 4, 4),
  at(image, 4, 12),
  at(image, 12, 4),
  at(image, 12, 12),
];

describe("image formats", () => {
  it.each([
    ["rgb.png", 0],
    ["palette.png", 0],
    ["lossless.webp", 0],
    ["rgb.tif", 0],
    ["two-pages.tif", 0], // the first page
    ["baseline.jpg", 4], // quantised at quality 95
    ["progressive.jpg", 4],
    ["lossy.webp", 8], // chroma at half resolution and quantised
    ["rgb.avif", 8],
  ])("%s shows its four colours to within %i", async (name, tolerance) => {
    const image = await decode(name);
    expect([image.height, image.width, image.channels]).toEqual([16, 16, 3]);
    for (const [i, color] of [RED, GREEN, BLUE, WHITE].entries())
      expect(distance(quarters(image)[i]!, color), `${name}: quarter ${i}`).toBeLessThanOrEqual(tolerance);
  });

  it("takes the first frame of an animation", async () => {
    const image = await decode("animated.gif");
    expect([image.height, image.width, at(image, 4, 4)]).toEqual([8, 8, RED]);
  });

  it("makes three equal channels of grey, or keeps one", async () => {
    const image = await decode("grey.jpg");
    const [dark, light] = [at(image, 4, 4), at(image, 4, 12)];
    expect(distance(dark, [30, 30, 30])).toBeLessThanOrEqual(2);
    expect(distance(light, [220, 220, 220])).toBeLessThanOrEqual(2);
    expect(new Set(dark).size).toBe(1);
    const one = await decode("grey.jpg", { channels: 1 });
    expect([one.channels, at(one, 4, 4)]).toEqual([1, [dark[0]]]);
  });

  it.each(["cmyk.jpg", "cmyk.tif"])("%s is converted from inks to light, not inverted", async (name) => {
    const [red, green, blue, white] = quarters(await decode(name));
    expect(Math.min(...white)).toBeGreaterThan(200);
    // Inks hold no pure colours, and without a profile of its own libvips' takes its place: the largest channel stays so.
    for (const [i, color] of [red, green, blue].entries()) expect(color.indexOf(Math.max(...color)), name).toBe(i);
  });

  it.each(["deep.png", "deep.tif"])("%s has the upper byte of 16 bits", async (name) => {
    const image = await decode(name);
    expect([at(image, 4, 4), at(image, 4, 12)]).toEqual([
      [0x80, 0, 0xff],
      [0xff, 0x40, 0],
    ]);
  });

  it.each(["alpha.png", "alpha.webp"])("%s: alpha is dropped, laid over a background, or kept", async (name) => {
    expect(at(await decode(name), 4, 4)).toEqual(RED);
    // 0.4 of the colour (102 of 255) and 0.6 of white: 0.4 * 200 + 153 = 233, 157, 161.
    const onWhite = await decode(name, { background: [255, 255, 255] });
    expect(distance(at(onWhite, 4, 4), [233, 157, 161])).toBeLessThanOrEqual(1);
    expect(at(onWhite, 4, 12)).toEqual(GREEN);
    expect(at(await decode(name, { channels: 4 }), 4, 4)).toEqual([...RED, 102]);
  });

  it("lays grey with alpha over a background too", async () => {
    expect(at(await decode("grey-alpha.png"), 4, 4)).toEqual([30, 30, 30]);
    const [value] = at(await decode("grey-alpha.png", { channels: 1, background: [255, 255, 255] }), 4, 4);
    expect(Math.abs(value! - 165)).toBeLessThanOrEqual(1); // 0.4 * 30 + 0.6 * 255
  });

  it.each([
    ["profile.png", 2], // the curves of the profile are tables of 1024 entries
    ["profile.jpg", 6],
  ])("%s means what its ICC profile says: red and green exchanged", async (name, tolerance) => {
    const image = await decode(name);
    for (const [i, color] of [[10, 200, 20], [200, 10, 20], [20, 10, 200], WHITE].entries())
      expect(distance(quarters(image)[i]!, color), `quarter ${i}`).toBeLessThanOrEqual(tolerance);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("is turned as orientation %i says", async (orientation) => {
    const image = await decode(`orientation-${orientation}.jpg`);
    expect([image.height, image.width]).toEqual([16, 24]);
    const grey = [at(image, 4, 4), at(image, 4, 12), at(image, 12, 4), at(image, 12, 12), at(image, 8, 20)];
    for (const [i, value] of [0, 200, 100, 250, 60].entries())
      expect(Math.abs(grey[i]![0]! - value), `square ${i}`).toBeLessThanOrEqual(4);
  });

  it("refuses what only claims to be large before it is unpacked", async () => {
    // 48 MB of white, packed into less than 200 kB.
    const white = sharp({ create: { width: 4000, height: 4000, channels: 3, background: "white" } });
    const bomb = await white.png({ compressionLevel: 9 }).toBuffer();
    expect(bomb.length).toBeLessThan(200_000);
    await expect(decodeImage(bomb, { ...plain, maxPixels: 15_999_999 })).rejects.toThrow("exceeds pixel limit");
  });

  it("refuses other kinds of files, whatever they are called", async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
    );
    for (const bytes of [svg, Buffer.from("hello"), Buffer.from("%PDF-1.4\n"), Buffer.alloc(1000)])
      await expect(decodeImage(bytes, plain)).rejects.toThrow(
        `it starts with ${JSON.stringify(bytes.toString("latin1", 0, 8))}, as no JPEG, PNG, WebP, GIF, TIFF or AVIF does`,
      );
  });
});
