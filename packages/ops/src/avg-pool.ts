import { checkInteger, checkShape, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

type Pad = Parameters<typeof tf.avgPool>[3];
type PoolInfo = ReturnType<typeof tf.backend_util.computePool2DInfo>;

export interface AvgPoolOptions {
  /** Height and width of the window in pixels, one number for both or a pair, integers >= 1. */
  readonly filterSize: number | [height: number, width: number];
  /** Steps between windows in pixels, integers >= 1. @defaultValue `filterSize` */
  readonly strides?: number | [height: number, width: number];
  /** As for `tf.avgPool`. @defaultValue "valid" */
  readonly pad?: Pad;
}

/**
 * Average pooling: each output is the mean of the pixels of its window that lie inside the image.
 *
 * @remarks `tf.avgPool` has the same values, but its gradient divides by the size of the whole window, so where
 * padding cuts a window it is not the gradient of the forward pass. This one is, on every backend.
 *
 * @param x - float32 `[N, H, W, C]`. Not disposed.
 * @returns float32 `[N, H', W', C]`; the caller disposes it.
 * @throws InvalidArgumentError if `x` does not have rank 4, a size is not an integer >= 1, or a window has no pixel.
 */
export function avgPool(x: tf.Tensor4D, options: AvgPoolOptions): tf.Tensor4D {
  const { filterSize, strides = filterSize, pad = "valid" } = options;
  checkShape("avgPool", { x }, [null, null, null, null], "It is a batch of images, [N, H, W, C].");
  for (const size of [filterSize].flat()) checkInteger("avgPool", { filterSize: size }, 1);
  for (const size of [strides].flat()) checkInteger("avgPool", { strides: size }, 1);
  const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad);
  const correction = cutWindows(info);
  if (correction === undefined) return tf.avgPool(x, filterSize, strides, pad);
  const run = tf.customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    save([x]);
    return {
      value: tf.avgPool(x, filterSize, strides, pad),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const exact = tf.mul(dy, tf.tensor4d(correction, [1, info.outHeight, info.outWidth, 1])); // [N, H', W', C]
        const inputs = { dy: exact, input: saved[0]! };
        const attributes: tf.AvgPoolGradAttrs = { filterSize: pair(filterSize), strides: pair(strides), pad };
        return tf.engine().runKernel(tf.AvgPoolGrad, inputs, { ...attributes }) as tf.Tensor;
      },
    };
  });
  return run(x) as tf.Tensor4D;
}

/**
 * What `AvgPoolGrad`, which divides by the size of the window, must be multiplied by in each place of the output:
 * that size over the number of pixels inside the image, `[H', W']`. Undefined where no window is cut.
 */
function cutWindows(info: PoolInfo): Float32Array | undefined {
  const rows = pixelsInside(info.outHeight, info.strideHeight, info.padInfo.top, info.filterHeight, info.inHeight);
  const columns = pixelsInside(info.outWidth, info.strideWidth, info.padInfo.left, info.filterWidth, info.inWidth);
  if ([...rows, ...columns].includes(0))
    throw new InvalidArgumentError(
      `avgPool: \`pad\` must leave each window at least one pixel of the image; received a window of ` +
        `[${info.filterHeight}, ${info.filterWidth}] that lies in the padding. Use less padding.`,
      { subject: "pad", expected: "at least one pixel in each window", received: JSON.stringify(info.padInfo) },
    );
  const full = info.filterHeight * info.filterWidth;
  const correction = Float32Array.from(rows.flatMap((r) => columns.map((c) => full / (r * c))));
  return correction.some((factor) => factor !== 1) ? correction : undefined;
}

/** For each window along one axis, how many of its pixels lie in [0, size). */
function pixelsInside(windows: number, stride: number, padBefore: number, filter: number, size: number): number[] {
  return Array.from({ length: windows }, (_, i) => {
    const begin = i * stride - padBefore;
    return Math.max(0, Math.min(begin + filter, size) - Math.max(begin, 0));
  });
}

function pair(size: number | [number, number]): [number, number] {
  return typeof size === "number" ? [size, size] : size;
}
