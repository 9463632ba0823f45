import { type CropSampler, checkInteger, type ResizeKernel } from "@simclr/core";
import type { Augmentation } from "./augmentation.js";
import { clip } from "./clip.js";
import { colorJitter } from "./color-jitter.js";
import { centerCrop, randomResizedCrop } from "./crop.js";
import { flipLeftRight } from "./flip.js";
import { gaussianBlur } from "./gaussian-blur.js";
import { grayscale } from "./grayscale.js";

/** Up to this side the reference neither crops nor resizes test images. */
const SMALL_IMAGE = 32;

export interface RecipeOptions {
  /** Side of the views in pixels, >= 1. */
  readonly size: number;
  /** Interpolation of the resize. @defaultValue "tf1-bicubic", the reference's */
  readonly kernel?: ResizeKernel;
}

export interface CropRecipeOptions extends RecipeOptions {
  /** How crops are drawn. @defaultValue "tf", the reference's */
  readonly sampler?: CropSampler;
  /** Area of a crop as a fraction of the image's. @defaultValue [0.08, 1] */
  readonly area?: readonly [number, number];
}

export interface PretrainRecipeOptions extends CropRecipeOptions {
  /** Strength s of the colour jitter, >= 0. @defaultValue 1, and 0.5 for `cifar` */
  readonly strength?: number;
  /** Whether images are blurred at the end. @defaultValue true, and false for `cifar` */
  readonly blur?: boolean;
  /** Whether a blur's sigma is drawn per batch or per image. @defaultValue "batch", as in the reference code */
  readonly sigmaPer?: "batch" | "image";
}

/** One view of SimCLR (v1): crop, flip, colour jitter with additive brightness, grayscale, clip, blur. */
export function simclr(options: PretrainRecipeOptions): Augmentation[] {
  return pretrain(options, "additive");
}

/** One view of SimCLRv2: as SimCLR's, but brightness multiplies. */
export function simclrV2(options: PretrainRecipeOptions): Augmentation[] {
  return pretrain(options, "multiplicative");
}

/** One view for CIFAR-like images: SimCLRv2 with half the colour jitter and without blur. */
export function cifar(options: Partial<PretrainRecipeOptions> = {}): Augmentation[] {
  return pretrain({ size: SMALL_IMAGE, strength: 0.5, blur: false, ...options }, "multiplicative");
}

/** The random crop alone, for ablations. */
export function cropOnly(options: CropRecipeOptions): Augmentation[] {
  return [randomResizedCrop(cropOptions(options)), clip()];
}

/** For supervised training, fine-tuning, linear evaluation and distillation: crop and flip. */
export function fineTune(options: CropRecipeOptions): Augmentation[] {
  return [randomResizedCrop(cropOptions(options)), flipLeftRight(), clip()];
}

/**
 * For tests and predictions: the central 0.875 of the shorter side, resized. Up to a size of 32 nothing is cut off,
 * and images that already have the size pass unchanged.
 */
export function evaluate(options: RecipeOptions): Augmentation[] {
  const { size, kernel = "tf1-bicubic" } = options;
  checkInteger("evaluate", { size }, 1);
  return [centerCrop({ size, kernel, fraction: size <= SMALL_IMAGE ? 1 : 0.875 }), clip()];
}

/** Every recipe by name, for configuration files. */
export const recipes = {
  simclr,
  "simclr-v2": simclrV2,
  cifar,
  "crop-only": cropOnly,
  "fine-tune": fineTune,
  evaluate,
} as const satisfies Record<string, (options: PretrainRecipeOptions) => Augmentation[]>;

function pretrain(options: PretrainRecipeOptions, brightness: "multiplicative" | "additive"): Augmentation[] {
  const { strength = 1, blur = true, sigmaPer = "batch" } = options;
  return [
    randomResizedCrop(cropOptions(options)),
    flipLeftRight(),
    colorJitter({ strength, brightness }),
    grayscale(),
    clip(),
    ...(blur ? [gaussianBlur({ sigmaPer })] : []),
  ];
}

function cropOptions({ size, kernel = "tf1-bicubic", sampler = "tf", area = [0.08, 1] }: CropRecipeOptions) {
  return { size, kernel, sampler, area };
}
