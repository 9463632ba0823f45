import { RESIZE_KERNELS, type ResizeKernel } from "../crop-spec.js";
import { InvalidArgumentError } from "../errors.js";
import { checkChoice, checkInteger } from "../shape.js";

/** Which input positions make each output position of one axis, and with which weights. */
export interface AxisTaps {
  /** Positions on the input axis, [outputSize * taps]; always inside the sampled window. */
  readonly index: Int32Array;
  /** Weights, [outputSize * taps]; those of one output position sum to 1. */
  readonly weight: Float32Array;
  /** Taps per output position: 2 for bilinear, 4 for TF1's and TF2's bicubic, 4 and more for `"vips"`. */
  readonly taps: number;
}

/**
 * The taps that resize the window [start, start + length) of an axis to `outputSize` positions, as if the window had been
 * cut out first. Only `"vips"` antialiases.
 *
 * - `"tf1-bicubic"`: Keys' kernel with a = -0.75, source = destination * (length / outputSize); taps outside the
 *   window repeat its edge.
 * - `"tf2-bicubic"`: Keys' kernel with a = -0.5, source = (destination + 0.5) * (length / outputSize) - 0.5; taps
 *   outside the window are dropped and the others renormalised.
 * - `"bilinear"`: the triangle kernel at the same half-pixel positions; taps outside repeat the edge.
 * - `"vips"`: Keys' kernel with a = -0.5 at the same positions, as wide as the step from output to output where that is more
 *   than a pixel; taps outside repeat the edge. Where it shrinks this is libvips' `cubic`, but for the rounding to
 *   whole numbers in between and, above a factor of 4, the box filter before it.
 *
 * @param kernel - The interpolation.
 * @param start - First position of the window, >= 0.
 * @param length - Positions in the window, >= 1; it must end within the axis.
 * @param inputSize - Positions on the whole axis.
 * @param outputSize - Positions wanted, >= 1.
 * @throws InvalidArgumentError if the window does not lie within the axis.
 * @remarks TensorFlow tabulates its bicubic kernel at steps of 1/1024 of a pixel; here it is evaluated exactly. For
 *   scales that are multiples of 1/1024 the two agree to float32 rounding, otherwise to about 1e-3 of the range.
 * @see Keys 1981, doi:10.1109/TASSP.1981.1163711; tensorflow/core/kernels/image/resize_bicubic_op.cc; libvips,
 *   resample/reduceh.cpp and templates.h, `calculate_coefficients_catmull`
 */
export function resizeTaps(
  kernel: ResizeKernel,
  start: number,
  length: number,
  inputSize: number,
  outputSize: number,
): AxisTaps {
  checkChoice("resizeTaps", { kernel }, RESIZE_KERNELS);
  checkInteger("resizeTaps", { start });
  checkInteger("resizeTaps", { length }, 1);
  checkInteger("resizeTaps", { outputSize }, 1);
  if (!(start + length <= inputSize))
    throw new InvalidArgumentError(
      `resizeTaps: the window [${start}, ${start + length}) must lie within the axis; received an axis of ${inputSize}. Shrink the crop.`,
      { subject: "length", expected: `start + length <= ${inputSize}`, received: String(start + length) },
    );
  if (kernel === "vips") return antialiasedTaps(start, length, outputSize);
  const taps = kernel === "bilinear" ? 2 : 4;
  const index = new Int32Array(outputSize * taps);
  const weight = new Float32Array(outputSize * taps);
  const scale = length / outputSize;
  const last = length - 1;
  for (let i = 0; i < outputSize; i++) {
    const source = kernel === "tf1-bicubic" ? i * scale : (i + 0.5) * scale - 0.5;
    const base = Math.floor(source);
    const fraction = source - base;
    if (kernel === "bilinear") {
      index[2 * i] = start + clamp(base, last);
      index[2 * i + 1] = start + clamp(base + 1, last);
      weight[2 * i] = 1 - fraction;
      weight[2 * i + 1] = fraction;
    } else {
      for (let k = 0; k < 4; k++) index[4 * i + k] = start + clamp(base - 1 + k, last);
      if (kernel === "tf1-bicubic") writeCubic(weight, 4 * i, fraction, -0.75);
      else {
        writeCubic(weight, 4 * i, fraction, -0.5);
        dropOutside(weight, 4 * i, base, last);
      }
    }
  }
  return { index, weight, taps };
}

function antialiasedTaps(start: number, length: number, outputSize: number): AxisTaps {
  const scale = length / outputSize;
  const widening = Math.max(1, scale);
  const taps = Math.ceil(4 * widening);
  const index = new Int32Array(outputSize * taps);
  const weight = new Float32Array(outputSize * taps);
  for (let i = 0; i < outputSize; i++) {
    const source = (i + 0.5) * scale - 0.5;
    const first = Math.floor(source - 2 * widening) + 1;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      index[i * taps + k] = start + clamp(first + k, length - 1);
      sum += weight[i * taps + k] = keys((first + k - source) / widening);
    }
    for (let k = 0; k < taps; k++) weight[i * taps + k] = weight[i * taps + k]! / sum;
  }
  return { index, weight, taps };
}

/** Keys' kernel with a = -0.5. */
function keys(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1 + x * x * (1.5 * x - 2.5);
  return x < 2 ? 2 + x * (x * (2.5 - 0.5 * x) - 4) : 0;
}

function clamp(position: number, last: number): number {
  return Math.max(0, Math.min(position, last));
}

/** Keys' kernel at the distances 1 + t, t, 1 - t and 2 - t. */
function writeCubic(weight: Float32Array, at: number, t: number, a: number): void {
  const u = 1 - t;
  weight[at] = a * t * u * u;
  weight[at + 1] = 1 + t * t * ((a + 2) * t - (a + 3));
  weight[at + 2] = 1 + u * u * ((a + 2) * u - (a + 3));
  weight[at + 3] = a * u * t * t;
}

function dropOutside(weight: Float32Array, at: number, base: number, last: number): void {
  if (base >= 1 && base + 2 <= last) return;
  let sum = 0;
  for (let k = 0; k < 4; k++) {
    const position = base - 1 + k;
    if (position < 0 || position > last) weight[at + k] = 0;
    sum += weight[at + k]!;
  }
  for (let k = 0; k < 4; k++) weight[at + k] = weight[at + k]! / sum;
}
