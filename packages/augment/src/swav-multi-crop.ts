import { type CropSampler, checkInteger, type ResizeKernel } from "@simclr/core";
import type { Augmentation } from "./augmentation.js";
import { clip } from "./clip.js";
import { colorJitter } from "./color-jitter.js";
import { randomResizedCrop } from "./crop.js";
import { flipLeftRight } from "./flip.js";
import { gaussianBlur } from "./gaussian-blur.js";
import { grayscale } from "./grayscale.js";

/** Views of one size. */
export interface CropSet {
  /** Side in pixels, >= 1. */
  readonly size: number;
  /** Number of views, >= 1. */
  readonly count: number;
  /** Area of a crop as a fraction of the image's. */
  readonly area: readonly [number, number];
}

export interface SwavMultiCropOptions {
  /** The views that are assigned to prototypes. @defaultValue 2 of 224 pixels, area 0.14 to 1 */
  readonly large?: Partial<CropSet>;
  /** The views that only predict. @defaultValue 6 of 96 pixels, area 0.05 to 0.14 */
  readonly small?: Partial<CropSet>;
  /** Strength of the colour jitter, >= 0. @defaultValue 1 */
  readonly strength?: number;
  /** Whether views are blurred at the end. @defaultValue true */
  readonly blur?: boolean;
  /** How crops are drawn. @defaultValue "torchvision", as SwAV draws them */
  readonly sampler?: CropSampler;
  /** Interpolation. @defaultValue "bilinear", as in SwAV */
  readonly kernel?: ResizeKernel;
}

/**
 * The recipes of SwAV's views, for `multiCrop`: first the large ones, then the small ones. Each view is cropped,
 * mirrored, colour jittered, grayed and blurred as in SimCLR. Needs RGB.
 *
 * @returns One recipe per view.
 * @throws InvalidArgumentError if a size or a count is not an integer >= 1, or an augmentation cannot take its options.
 * @see Caron et al. 2020, arXiv:2006.09882; facebookresearch/swav, src/multicropdataset.py
 * @remarks The "tf" sampler never covers less than a tenth of an image, so with it most of the small views' range is out
 *   of reach. Contrast and saturation are SimCLR's, not torchvision's; images are not standardised, and a shrinking resize
 *   is not antialiased.
 */
export function swavMultiCrop(options: SwavMultiCropOptions = {}): Augmentation[][] {
  const { strength = 1, blur = true, sampler = "torchvision", kernel = "bilinear" } = options;
  const large: CropSet = { size: 224, count: 2, area: [0.14, 1], ...options.large };
  const small: CropSet = { size: 96, count: 6, area: [0.05, 0.14], ...options.small };
  return [large, small].flatMap(({ size, count, area }) => {
    checkInteger("swavMultiCrop", { count }, 1);
    const recipe = [
      randomResizedCrop({ size, area, sampler, kernel }),
      flipLeftRight(),
      colorJitter({ strength }),
      grayscale(),
      clip(),
      ...(blur ? [gaussianBlur({ sigmaPer: "image" })] : []),
    ];
    return new Array<Augmentation[]>(count).fill(recipe);
  });
}
