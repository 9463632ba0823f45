import type { CropBox, ResizeKernel } from "../crop-spec.js";
import type { RawImage } from "../dataset.js";
import { InvalidArgumentError } from "../errors.js";
import { checkInteger } from "../shape.js";
import { type AxisTaps, resizeTaps } from "./resize-taps.js";

export interface CropAndResizeOptions {
  /** Mirror the result left to right. @defaultValue false */
  readonly flip?: boolean;
}

/**
 * Cuts a box out of an image and resizes it to a square, on the host, where the image was decoded. The box is cut
 * first: pixels outside it do not leak into the result.
 *
 * @param image - uint8 [H, W, C].
 * @param box - The crop, inside the image.
 * @param size - Side S of the result in pixels, >= 1.
 * @param kernel - The interpolation, see `resizeTaps`.
 * @returns float32 [S, S, C] in [0, 1]; the bicubic kernels may overshoot a little.
 * @throws InvalidArgumentError if the box does not lie within the image, or the image's data do not fit its shape.
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
  const rows = resizeTaps(kernel, box.top, box.height, height, size);
  const columns = resizeTaps(kernel, box.left, box.width, width, size);
  if (options.flip === true) reverseAxis(columns);
  scaleIndex(columns.index, channels);
  const narrowed = resampleColumns(image, box, rows, columns, size);
  return resampleRows(narrowed, box.top, rows, size, size * channels);
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

function scaleIndex(index: Int32Array, factor: number): void {
  for (let i = 0; i < index.length; i++) index[i] = index[i]! * factor;
}

/** Resizes the columns of those rows of the box that some output row reads: float32 [box.height, size * C]. */
function resampleColumns(
  { data, width, channels }: RawImage,
  box: CropBox,
  rows: AxisTaps,
  columns: AxisTaps,
  size: number,
): Float32Array {
  const used = new Uint8Array(box.height);
  for (let i = 0; i < rows.index.length; i++) used[rows.index[i]! - box.top] = 1;
  const result = new Float32Array(box.height * size * channels);
  const resampleRow = columns.taps === 4 ? resampleRowOf4 : resampleRowOf2;
  for (let y = 0; y < box.height; y++)
    if (used[y] === 1)
      resampleRow(data, (box.top + y) * width * channels, columns, channels, result, y * size * channels);
  return result;
}

type ResampleRow = (
  data: Uint8Array,
  row: number,
  columns: AxisTaps,
  channels: number,
  result: Float32Array,
  at: number,
) => void;

const resampleRowOf4: ResampleRow = (data, row, { index, weight }, channels, result, at) => {
  let out = at;
  for (let k = 0; k < index.length; k += 4) {
    const w0 = weight[k]!;
    const w1 = weight[k + 1]!;
    const w2 = weight[k + 2]!;
    const w3 = weight[k + 3]!;
    const i0 = row + index[k]!;
    const i1 = row + index[k + 1]!;
    const i2 = row + index[k + 2]!;
    const i3 = row + index[k + 3]!;
    for (let c = 0; c < channels; c++)
      result[out++] = w0 * data[i0 + c]! + w1 * data[i1 + c]! + w2 * data[i2 + c]! + w3 * data[i3 + c]!;
  }
};

const resampleRowOf2: ResampleRow = (data, row, { index, weight }, channels, result, at) => {
  let out = at;
  for (let k = 0; k < index.length; k += 2) {
    const w0 = weight[k]!;
    const w1 = weight[k + 1]!;
    const i0 = row + index[k]!;
    const i1 = row + index[k + 1]!;
    for (let c = 0; c < channels; c++) result[out++] = w0 * data[i0 + c]! + w1 * data[i1 + c]!;
  }
};

/** Resizes the rows, and divides by 255: float32 [size, rowLength]. */
function resampleRows(
  narrowed: Float32Array,
  top: number,
  { index, weight, taps }: AxisTaps,
  size: number,
  rowLength: number,
): Float32Array {
  const result = new Float32Array(size * rowLength);
  const second = taps === 4 ? 1 : 0; // of the four taps below, bilinear rows have the middle two
  for (let y = 0; y < size; y++) {
    const k = y * taps;
    const w0 = taps === 4 ? weight[k]! : 0;
    const w1 = weight[k + second]!;
    const w2 = weight[k + second + 1]!;
    const w3 = taps === 4 ? weight[k + 3]! : 0;
    const i0 = (index[k]! - top) * rowLength;
    const i1 = (index[k + second]! - top) * rowLength;
    const i2 = (index[k + second + 1]! - top) * rowLength;
    const i3 = (index[k + taps - 1]! - top) * rowLength;
    const out = y * rowLength;
    for (let x = 0; x < rowLength; x++)
      result[out + x] =
        (w0 * narrowed[i0 + x]! + w1 * narrowed[i1 + x]! + w2 * narrowed[i2 + x]! + w3 * narrowed[i3 + x]!) / 255;
  }
  return result;
}
