import type * as tf from "@tensorflow/tfjs-core";
import type { NativeKernel } from "../kernel.js";

type Infos<Names extends string> = Record<Names, tf.TensorInfo>;

/** `{images, rowIndex, rowWeight, columnIndex, columnWeight}` -> images resampled row by row, column by column. */
export const separableResample: NativeKernel = {
  name: "SimclrSeparableResample",
  run: ({ inputs, backend }) => {
    const { images, rowIndex, rowWeight, columnIndex, columnWeight } = inputs as Infos<
      "images" | "rowIndex" | "rowWeight" | "columnIndex" | "columnWeight"
    >;
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const [, outHeight, rowTaps] = rowIndex.shape as [number, number, number];
    const [, outWidth, columnTaps] = columnIndex.shape as [number, number, number];
    const operands = [images, rowIndex, rowWeight, columnIndex, columnWeight].map((info) => backend.handle(info));
    const sizes = [batch, height, width, channels, outHeight, outWidth, rowTaps, columnTaps];
    const outShape = [batch, outHeight, outWidth, channels];
    return backend.compute("SimclrSeparableResample", [...operands, sizes], outShape);
  },
};

/** `{images, factors, order}`, `{brightness}` -> images after brightness, contrast, saturation and hue in each one's order. */
export const colorJitter: NativeKernel = {
  name: "SimclrColorJitter",
  run: ({ inputs, attrs, backend }) => {
    const { images, factors, order } = inputs as Infos<"images" | "factors" | "order">;
    const [batch, height, width] = images.shape as [number, number, number];
    const operands = [images, factors, order].map((info) => backend.handle(info));
    const args = [...operands, [batch, height * width], attrs.brightness === "additive"];
    return backend.compute("SimclrColorJitter", args, images.shape);
  },
};

/** `{images, rotation}`, `{fill}` -> each image turned about its centre. */
export const rotateImages: NativeKernel = {
  name: "SimclrRotate",
  run: ({ inputs, attrs, backend }) => {
    const { images, rotation } = inputs as Infos<"images" | "rotation">;
    const args = [backend.handle(images), backend.handle(rotation), images.shape, attrs.fill as number];
    return backend.compute("SimclrRotate", args, images.shape);
  },
};

/** `{images}` -> each channel of each image spread by its histogram. */
export const equalizeImages: NativeKernel = {
  name: "SimclrEqualize",
  run: ({ inputs, backend }) => {
    const { images } = inputs as Infos<"images">;
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    return backend.compute("SimclrEqualize", [backend.handle(images), [batch, height * width, channels]], images.shape);
  },
};
