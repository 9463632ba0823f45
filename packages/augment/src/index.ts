export { type AugmentKeys, type AugmentOptions, augment, splitCrop } from "./augment.js";
export {
  type Augmentation,
  type AugmentationContext,
  type AugmentationDefinition,
  type DefinedAugmentation,
  defineAugmentation,
} from "./augmentation.js";
export { augmentations, type NamedAugmentation, type OptionKind } from "./augmentations.js";
export { batchView } from "./batch-view.js";
export { type ChannelDropOptions, channelDrop } from "./channel-drop.js";
export { checkImageValues } from "./check-image-values.js";
export { clip } from "./clip.js";
export { type ColorJitterAugmentationOptions, colorJitter } from "./color-jitter.js";
export { type ComposeOptions, compose } from "./compose.js";
export { type CenterCropOptions, centerCrop, type RandomResizedCropOptions, randomResizedCrop } from "./crop.js";
export { type CutMixOptions, cutMix } from "./cut-mix.js";
export { type EqualizeOptions, equalize } from "./equalize.js";
export { type FlipLeftRightOptions, flipLeftRight } from "./flip.js";
export { type FlipUpDownOptions, flipUpDown } from "./flip-up-down.js";
export { type GaussianBlurAugmentationOptions, gaussianBlur } from "./gaussian-blur.js";
export { type GaussianNoiseOptions, gaussianNoise } from "./gaussian-noise.js";
export { type GrayscaleOptions, grayscale } from "./grayscale.js";
export { type MixBatchOptions, mixBatch } from "./mix-batch.js";
export { type MixUpOptions, mixUp } from "./mix-up.js";
export { defineMixing, type LabelledImages, type Mixing } from "./mixing.js";
export { multiCrop } from "./multi-crop.js";
export { type OneOfOptions, oneOf } from "./one-of.js";
export type { ParameterRange } from "./per-image.js";
export { type PosterizeOptions, posterize } from "./posterize.js";
export { type QuarterTurnOptions, quarterTurn } from "./quarter-turn.js";
export { type RandomApplyOptions, randomApply } from "./random-apply.js";
export { type RandomErasingOptions, randomErasing } from "./random-erasing.js";
export { type RandomOrderOptions, randomOrder } from "./random-order.js";
export {
  type CropRecipeOptions,
  cifar,
  cropOnly,
  evaluate,
  fineTune,
  type PretrainRecipeOptions,
  type RecipeOptions,
  recipes,
  simclr,
  simclrV2,
} from "./recipes.js";
export type { DrawnParameters, RecordDraw } from "./record.js";
export { type RotateOptions, rotate } from "./rotate.js";
export { softLabels } from "./soft-labels.js";
export { type SolarizeOptions, solarize } from "./solarize.js";
export { type CropSet, type SwavMultiCropOptions, swavMultiCrop } from "./swav-multi-crop.js";
export { toImages } from "./to-images.js";
