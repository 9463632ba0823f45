import * as tf from "@tensorflow/tfjs-core";
import { allFloat32, type NativeKernel } from "../kernel.js";

const hasElements = (x: tf.TensorInfo): boolean => tf.util.sizeFromShape(x.shape) > 0;

const resizeBilinear: NativeKernel = {
  name: "ResizeBilinear",
  accepts: (call) => allFloat32(call) && hasElements(call.inputs.images!),
  run: ({ inputs, attrs, backend }) => {
    const images = inputs.images!;
    const { size, alignCorners, halfPixelCenters } = attrs as unknown as tf.ResizeBilinearAttrs;
    const args = [backend.handle(images), [...images.shape, ...size], alignCorners, halfPixelCenters];
    return backend.compute("ResizeBilinear", args, [images.shape[0]!, ...size, images.shape[3]!]);
  },
};

/** The true gradient, where that of tfjs's cpu backend fails for images that are not square. */
const resizeBilinearGrad: NativeKernel = {
  name: "ResizeBilinearGrad",
  accepts: (call) => allFloat32(call) && hasElements(call.inputs.images!),
  run: ({ inputs, attrs, backend }) => {
    const { dy, images } = inputs as { dy: tf.TensorInfo; images: tf.TensorInfo };
    const { alignCorners, halfPixelCenters } = attrs as unknown as tf.ResizeBilinearAttrs;
    const sizes = [...images.shape, dy.shape[1]!, dy.shape[2]!];
    const args = [backend.handle(dy), sizes, alignCorners, halfPixelCenters === true];
    return backend.compute("ResizeBilinearGrad", args, images.shape);
  },
};

const resizeNearestNeighbor: NativeKernel = {
  name: "ResizeNearestNeighbor",
  accepts: ({ inputs: { images } }) =>
    (images!.dtype === "float32" || images!.dtype === "int32") && hasElements(images!),
  run: ({ inputs, attrs, backend }) => {
    const images = inputs.images!;
    const { size, alignCorners, halfPixelCenters } = attrs as unknown as tf.ResizeNearestNeighborAttrs;
    const args = [backend.handle(images), [...images.shape, ...size], alignCorners, halfPixelCenters];
    return backend.compute("ResizeNearestNeighbor", args, [images.shape[0]!, ...size, images.shape[3]!], images.dtype);
  },
};

/** The true gradient, where that of tfjs's cpu backend fails for batches, and for centres at half pixels. */
const resizeNearestNeighborGrad: NativeKernel = {
  name: "ResizeNearestNeighborGrad",
  accepts: (call) => allFloat32(call) && hasElements(call.inputs.images!),
  run: ({ inputs, attrs, backend }) => {
    const { dy, images } = inputs as { dy: tf.TensorInfo; images: tf.TensorInfo };
    const { alignCorners, halfPixelCenters } = attrs as unknown as tf.ResizeNearestNeighborAttrs;
    const sizes = [...images.shape, dy.shape[1]!, dy.shape[2]!];
    const args = [backend.handle(dy), sizes, alignCorners, halfPixelCenters === true];
    return backend.compute("ResizeNearestNeighborGrad", args, images.shape);
  },
};

const cropAndResize: NativeKernel = {
  name: "CropAndResize",
  accepts: ({ inputs: { image, boxes, boxInd } }) =>
    image!.dtype === "float32" && boxes!.dtype === "float32" && boxInd!.dtype === "int32" && hasElements(image!),
  run: ({ inputs, attrs, backend }) => {
    const { image, boxes, boxInd } = inputs as Record<"image" | "boxes" | "boxInd", tf.TensorInfo>;
    const { cropSize, method, extrapolationValue } = attrs as unknown as tf.CropAndResizeAttrs;
    const count = boxes.shape[0]!;
    const handles = [backend.handle(image), backend.handle(boxes), backend.handle(boxInd)];
    const args = [...handles, [...image.shape, count, ...cropSize], method === "nearest", extrapolationValue];
    return backend.compute("CropAndResize", args, [count, ...cropSize, image.shape[3]!]);
  },
};

export const resizes: readonly NativeKernel[] = [
  resizeBilinear,
  resizeBilinearGrad,
  resizeNearestNeighbor,
  resizeNearestNeighborGrad,
  cropAndResize,
];
