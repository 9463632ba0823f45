export {
  type Convolution,
  type ConvolutionOptions,
  type ConvolutionShape,
  convolutionPadding,
  convolve,
  makeConvolution,
} from "./convolution.js";
export type { Initializer } from "./initializer.js";
export { makeNorm, type Norm, type NormaliseExtras, type NormOptions, normalise } from "./norm.js";
export {
  makeNormalisedConvolution,
  type NormalisedConvolution,
  type NormalisedConvolutionNames,
  normalisedConvolve,
} from "./normalised-convolution.js";
export { type MakeWeight, weightMaker } from "./weight-spec.js";
