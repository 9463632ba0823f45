import { type CropBox, cropAndResizeHost, type RawImage, type ResizeKernel } from "@simclr/core";

/** Crops to cut; data, so that it can travel to a worker. */
export interface CropTask {
  /** Pixels in shared memory are not copied on the way. */
  readonly images: readonly RawImage[];
  /** For each view, a box for each image. */
  readonly boxes: readonly (readonly CropBox[])[];
  /** Side of the result in pixels. */
  readonly size: number;
  readonly kernel: ResizeKernel;
}

/** Cuts and resizes the boxes: float32 [views, N, S, S, C]. */
export function cropViews({ images, boxes, size, kernel }: CropTask): Float32Array {
  const length = size * size * (images[0]?.channels ?? 0);
  const result = new Float32Array(boxes.length * images.length * length);
  let at = 0;
  for (const view of boxes) {
    for (const [i, image] of images.entries()) {
      result.set(cropAndResizeHost(image, view[i]!, size, kernel), at);
      at += length;
    }
  }
  return result;
}
