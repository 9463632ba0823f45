import type { CropBox, ResizeKernel } from "../crop-spec.js";
import type { RawImage } from "../dataset.js";
import { InvalidArgumentError } from "../errors.js";
import { checkInteger } from "../shape.js";
import { resample } from "./resampler.js";
import { type AxisTaps, resizeTaps } from "./resize-taps.js";

export interface CropAndResizeOptions {
  /** Mirror the result left to right. @defaultValue false */
  readonly flip?: boolean;
  /** Where to put the result: float32 of S * S * C, shared memory or not. @defaultValue a new array */
  readonly into?: Float32Array;
}

/**
 * Cuts a box out of an image and resizes it to a square, on the host, where the image was decoded. The box is cut
 * first: pixels outside it do not leak into the result.
 *
 * @param image - uint8 [H, W, C].
 * @param box - The crop, inside the image.
 * @param size - Side S of the result in pixels, >= 1.
 * @param kernel - The interpolation, see `resizeTaps`.
 * @returns float32 [S, S, C] in [0, 1]; the bicubic kernels may overshoot a little. It is `options.into` where that is given.
 * @throws InvalidArgumentError if the box does not lie within the image, or the data or `into` do not fit their shapes.
 */
export function cropAndResizeHost(
  image: RawImage,
  box: CropBox,
  size: number,
  kernel: ResizeKernel,
  options: CropAndResizeOptions = {},
): Float32Array {
  const { height, width, channels, data } = image;
  checkBox(image, box);
  checkInteger("cropAndResizeHost", { size }, 1);
  if (data.length !== height * width * channels)
    throw new InvalidArgumentError(
      `cropAndResizeHost: \`image.data\` must hold ${height * width * channels} bytes, as [${height}, ${width}, ${channels}] says; received ${data.length}.`,
      { subject: "image.data", expected: String(height * width * channels), received: String(data.length) },
    );
  const { flip = false, into = new Float32Array(size * size * channels) } = options;
  if (into.length !== size * size * channels)
    throw new InvalidArgumentError(
      `cropAndResizeHost: \`into\` must hold ${size * size * channels} floats, as [${size}, ${size}, ${channels}] says; received ${into.length}.`,
      { subject: "into", expected: String(size * size * channels), received: String(into.length) },
    );
  const rows = resizeTaps(kernel, 0, box.height, box.height, size);
  const columns = resizeTaps(kernel, 0, box.width, box.width, size);
  if (flip) reverseAxis(columns);
  const stride = width * channels;
  const start = box.top * stride + box.left * channels;
  resample({ data, start, stride, length: box.width * channels, channels }, rows, columns, size, into);
  return into;
}

function checkBox({ height, width }: RawImage, box: CropBox): void {
  const whole = [box.top, box.left, box.height, box.width].every(Number.isSafeInteger);
  const inside = box.top >= 0 && box.left >= 0 && box.top + box.height <= height && box.left + box.width <= width;
  if (whole && inside && box.height >= 1 && box.width >= 1) return;
  const received = `top ${box.top}, left ${box.left}, height ${box.height}, width ${box.width}`;
  throw new InvalidArgumentError(
    `cropAndResizeHost: \`box\` must lie within the image of ${height}x${width} pixels; received ${received}. Draw it with sampleCropBox or centerCropBox from the size of this very image.`,
    { subject: "box", expected: `a box within ${height}x${width}`, received },
  );
}

function reverseAxis({ index, weight, taps }: AxisTaps): void {
  // A flipped crop equals the flip of a crop bit for bit: outputs change places, the order of the taps of each stays.
  const size = index.length / taps;
  for (let i = 0, j = size - 1; i < j; i++, j--) {
    for (let k = 0; k < taps; k++) {
      const a = i * taps + k;
      const b = j * taps + k;
      [index[a], index[b]] = [index[b]!, index[a]!];
      [weight[a], weight[b]] = [weight[b]!, weight[a]!];
    }
  }
}
