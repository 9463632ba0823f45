import { expect, it } from "vitest";
import { drawableImage } from "./drawable-image.js";

it("draws the mean of channels that no picture has, and leaves pictures alone", () => {
  const five = { data: Uint8Array.of(0, 10, 20, 30, 40, 255, 255, 255, 255, 252), height: 1, width: 2, channels: 5 };
  expect(drawableImage(five)).toEqual({ data: Uint8Array.of(20, 254), height: 1, width: 2, channels: 1 });
  const rgb = { data: Uint8Array.of(1, 2, 3), height: 1, width: 1, channels: 3 };
  expect(drawableImage(rgb)).toBe(rgb);
});
