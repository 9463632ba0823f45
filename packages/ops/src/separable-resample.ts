import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/**
 * Kernel a backend may register for `separableResample`: inputs `images` [N, H, W, C], `rowIndex` int32 [N, S, K],
 * `rowWeight` [N, S, K], `columnIndex` int32 [N, S2, K2], `columnWeight` [N, S2, K2]; output [N, S, S2, C].
 */
export const SEPARABLE_RESAMPLE_KERNEL = "SimclrSeparableResample";

/** How one axis of every image of a batch is resampled: each output position is a weighted sum of `taps` inputs. */
export interface ResampleTaps {
  /** Input positions, [N * size * taps]; all within the axis. A tap to leave out has weight 0 and any valid index. */
  readonly index: Int32Array;
  /** Weights, [N * size * taps]. */
  readonly weight: Float32Array;
  /** Output positions, >= 1. */
  readonly size: number;
  /** Taps per output position, >= 1. */
  readonly taps: number;
}

/**
 * Resamples rows and columns of each image with its own taps: crops, resizes, flips and separable filters in one.
 *
 * `out[n, y, x, c] = sum_j sum_k rowWeight[n, y, j] * columnWeight[n, x, k] * images[n, rowIndex[n, y, j], columnIndex[n, x, k], c]`
 *
 * @param images - float32 [N, H, W, C]. Not disposed.
 * @param rows - Taps on H. They are host arrays: whoever makes taps knows them without asking a device.
 * @param columns - Taps on W.
 * @returns float32 [N, rows.size, columns.size, C]. The caller disposes it.
 * @throws InvalidArgumentError if the taps do not fit the images.
 * @remarks Has no gradient of its own: augmentations are not differentiated. Without a native kernel the taps become
 *   dense matrices of N * size * H floats, and two batched matrix products do the work on any backend.
 */
export function separableResample(images: tf.Tensor4D, rows: ResampleTaps, columns: ResampleTaps): tf.Tensor4D {
  const [batchSize, height, width] = images.shape;
  checkTaps("rows", rows, batchSize, height);
  checkTaps("columns", columns, batchSize, width);
  return resampleUnchecked(images, rows, columns);
}

/** `separableResample` for callers that have made the taps themselves. */
export function resampleUnchecked(images: tf.Tensor4D, rows: ResampleTaps, columns: ResampleTaps): tf.Tensor4D {
  const [batchSize, height, width, channels] = images.shape;
  return tf.tidy(() => {
    if (hasNamedKernel(SEPARABLE_RESAMPLE_KERNEL)) {
      const rowShape: [number, number, number] = [batchSize, rows.size, rows.taps];
      const columnShape: [number, number, number] = [batchSize, columns.size, columns.taps];
      const inputs = {
        images,
        rowIndex: tf.tensor3d(rows.index, rowShape, "int32"),
        rowWeight: tf.tensor3d(rows.weight, rowShape, "float32"),
        columnIndex: tf.tensor3d(columns.index, columnShape, "int32"),
        columnWeight: tf.tensor3d(columns.weight, columnShape, "float32"),
      };
      return runNamedKernel(SEPARABLE_RESAMPLE_KERNEL, inputs, {})[0] as tf.Tensor4D;
    }
    const rowMatrix = denseTaps(rows, batchSize, height); // [N, S, H]
    const columnMatrix = denseTaps(columns, batchSize, width); // [N, S2, W]
    const flat = tf.reshape(images, [batchSize, height, width * channels]); // [N, H, W * C]
    const shortened = tf.reshape(tf.matMul(rowMatrix, flat), [batchSize, rows.size, width, channels]); // [N, S, W, C]
    const channelFirst = tf.reshape(tf.transpose(shortened, [0, 1, 3, 2]), [batchSize, rows.size * channels, width]); // [N, S * C, W]
    const narrowed = tf.matMul(channelFirst, columnMatrix, false, true); // [N, S * C, S2]
    const channelThird = tf.reshape(narrowed, [batchSize, rows.size, channels, columns.size]); // [N, S, C, S2]
    return tf.transpose(channelThird, [0, 1, 3, 2]) as tf.Tensor4D; // [N, S, S2, C]
  });
}

function checkTaps(name: string, { index, weight, size, taps }: ResampleTaps, batchSize: number, limit: number): void {
  const count = batchSize * size * taps;
  if (index.length !== count || weight.length !== count)
    throw new InvalidArgumentError(
      `separableResample: \`${name}\` must hold ${batchSize} * ${size} * ${taps} = ${count} indices and weights (batch * size * taps); received ${index.length} and ${weight.length}.`,
      { subject: name, expected: String(count), received: `${index.length} and ${weight.length}` },
    );
  for (let i = 0; i < count; i++) {
    const position = index[i]!;
    if (position >= 0 && position < limit) continue;
    throw new InvalidArgumentError(
      `separableResample: \`${name}.index\` must be in [0, ${limit - 1}]; received ${position} at ${i}. Give a tap outside the image weight 0 and a position inside.`,
      { subject: `${name}.index`, expected: `[0, ${limit - 1}]`, received: String(position) },
    );
  }
}

/** The taps as matrices, [N, size, inputSize]; taps on the same position add up. */
function denseTaps({ index, weight, size, taps }: ResampleTaps, batchSize: number, inputSize: number): tf.Tensor3D {
  const values = new Float32Array(batchSize * size * inputSize);
  const outputs = batchSize * size;
  for (let i = 0, k = 0; i < outputs; i++) {
    const row = i * inputSize;
    for (const end = k + taps; k < end; k++) {
      const at = row + index[k]!;
      values[at] = values[at]! + weight[k]!;
    }
  }
  return tf.tensor3d(values, [batchSize, size, inputSize], "float32");
}
