/**
 * Interpolation of a resize: TF1's and TF2's bicubic kernels (reference: `a` = -0.75 corner-aligned, -0.5 half-pixel), bilinear,
 * or the cubic of libvips and so of sharp, which alone widens when it shrinks and so does not alias.
 */
export type ResizeKernel = (typeof RESIZE_KERNELS)[number];

export const RESIZE_KERNELS = ["tf1-bicubic", "tf2-bicubic", "bilinear", "vips"] as const;

/** How the box of a random crop is drawn: as `tf.image.sample_distorted_bounding_box` or as torchvision's RandomResizedCrop. */
export type CropSampler = "tf" | "torchvision";

/** A random crop resized to a square, as data, so that it can travel to a worker thread. */
export interface RandomCropSpec {
  readonly kind: "random-resized-crop";
  /** Side of the result in pixels. */
  readonly size: number;
  readonly sampler: CropSampler;
  /** Range of the crop's area as a fraction of the image's. */
  readonly area: readonly [number, number];
  /** Range of width / height. */
  readonly aspect: readonly [number, number];
  readonly kernel: ResizeKernel;
}

/** The test-time crop: the central `fraction` of the shorter side, resized to a square. */
export interface CenterCropSpec {
  readonly kind: "center-crop";
  readonly size: number;
  /** In (0, 1]; the reference uses 0.875, and 1 for images that already have the right size. */
  readonly fraction: number;
  readonly kernel: ResizeKernel;
}

export type CropSpec = RandomCropSpec | CenterCropSpec;

/** A crop in pixels. */
export interface CropBox {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}
