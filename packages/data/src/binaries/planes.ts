/**
 * Turns channel after channel into pixel after pixel.
 *
 * @param planes - [C, H, W], or [C, W, H] with `columnMajor`.
 * @returns [H, W, C]
 */
export function interleave(
  planes: Uint8Array,
  height: number,
  width: number,
  channels: number,
  { columnMajor = false } = {},
): Uint8Array {
  const pixels = new Uint8Array(planes.length);
  const [down, across] = columnMajor ? [1, height] : [width, 1];
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * height * width;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        pixels[(y * width + x) * channels + channel] = planes[start + y * down + x * across]!;
  }
  return pixels;
}
