import { RESAMPLE_WASM } from "./resample-wasm.js";
import type { AxisTaps } from "./resize-taps.js";

/** Exports of resample.wat, which says what the arguments are. */
interface Kernels {
  readonly memory: WebAssembly.Memory;
  columns(
    pixels: number,
    index: number,
    weight: number,
    taps: number,
    size: number,
    channels: number,
    result: number,
  ): void;
  rows(row: number, weight: number, taps: number, length: number, result: number): void;
}

/** uint8 rows of a box of an image. */
export interface PixelRows {
  readonly data: Uint8Array;
  /** First byte of the box's first row. */
  readonly start: number;
  /** Bytes from row to row. */
  readonly stride: number;
  /** Bytes of the box's part of a row. */
  readonly length: number;
  readonly channels: number;
}

const PAGE = 65_536;
/** Bytes that the kernels touch beyond the end of a row. */
const MARGIN = 32;

let kernels: Kernels | undefined;

/**
 * Resamples columns, then rows, and divides by 255, in float32 arithmetic that is the same on every machine. Works row by
 * row: what it holds is a few rows, however large the image.
 *
 * @param rows - Taps on the rows, counted from the box's first; those of one output row span at most `rows.taps` rows.
 * @param columns - Taps on the columns, counted from the box's first.
 * @param size - Side S of the result.
 * @param into - Receives float32 [S, S, C].
 */
export function resample(pixels: PixelRows, rows: AxisTaps, columns: AxisTaps, size: number, into: Float32Array): void {
  const { data, start, stride, length, channels } = pixels;
  const rowLength = size * channels;
  const ringStride = 4 * rowLength + MARGIN;
  const columnIndex = 0;
  const columnWeight = columnIndex + 4 * size * columns.taps;
  const rowWeight = columnWeight + 4 * size * columns.taps;
  const rowAddress = rowWeight + 4 * size * rows.taps;
  const ring = align(rowAddress + 4 * rows.taps);
  const result = align(ring + rows.taps * ringStride);
  const source = align(result + ringStride);
  kernels ??= instantiate();
  reserve(kernels, source + length + MARGIN);
  const { buffer } = kernels.memory;
  const index = new Int32Array(buffer, columnIndex, size * columns.taps);
  for (let i = 0; i < index.length; i++) index[i] = columns.index[i]! * channels;
  new Float32Array(buffer, columnWeight, columns.weight.length).set(columns.weight);
  new Float32Array(buffer, rowWeight, rows.weight.length).set(rows.weight);
  const addresses = new Int32Array(buffer, rowAddress, rows.taps);
  const sourceRow = new Uint8Array(buffer, source, length);
  const resultRow = new Float32Array(buffer, result, rowLength);

  const held = new Int32Array(rows.taps).fill(-1); // which row each place of the ring holds
  for (let y = 0; y < size; y++) {
    for (let k = 0; k < rows.taps; k++) {
      const row = rows.index[y * rows.taps + k]!;
      const place = row % rows.taps;
      const address = ring + place * ringStride;
      addresses[k] = address;
      if (held[place] === row) continue;
      held[place] = row;
      const first = start + row * stride;
      sourceRow.set(data.subarray(first, first + length));
      kernels.columns(source, columnIndex, columnWeight, columns.taps, size, channels, address);
    }
    kernels.rows(rowAddress, rowWeight + 4 * y * rows.taps, rows.taps, rowLength, result);
    into.set(resultRow, y * rowLength);
  }
}

function align(address: number): number {
  return Math.ceil(address / 16) * 16;
}

function reserve({ memory }: Kernels, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

function instantiate(): Kernels {
  const bytes = Uint8Array.from(atob(RESAMPLE_WASM), (letter) => letter.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Kernels;
}
