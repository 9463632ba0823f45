export { type BlockingCollectives, type Communicator, type Reduction, singleProcess } from "./communicator.js";
export {
  type CenterCropSpec,
  type CropBox,
  type CropSampler,
  type CropSpec,
  type RandomCropSpec,
  RESIZE_KERNELS,
  type ResizeKernel,
} from "./crop-spec.js";
export {
  type CroppedBatch,
  type Dataset,
  type ImageBatch,
  type ImageShape,
  type RawBatch,
  type RawImage,
  UNLABELLED,
} from "./dataset.js";
export {
  type DefinitionKind,
  type DefinitionMark,
  definitionMark,
  markDefinition,
  PLUGIN_API_VERSION,
} from "./definition.js";
export {
  BackendError,
  CheckpointError,
  ConfigError,
  DataError,
  InvalidArgumentError,
  isSimclrError,
  SimclrError,
  type SimclrErrorCode,
  type SimclrErrorOptions,
  TrainingError,
} from "./errors.js";
export { centerCropBox } from "./geometry/center-crop-box.js";
export { checkCropSpec } from "./geometry/check-crop-spec.js";
export { type CropAndResizeOptions, cropAndResizeHost } from "./geometry/crop-and-resize-host.js";
export { augmentStream, cropStream } from "./geometry/crop-stream.js";
export { type AxisTaps, resizeTaps } from "./geometry/resize-taps.js";
export { sampleCropBox } from "./geometry/sample-crop-box.js";
export { checkOptions } from "./options.js";
export { checkApiVersion, definePlugin, type NamedDefinition, PLUGIN_LISTS, type Plugin } from "./plugin.js";
export { Random, type RandomKey, type StreamKey } from "./random.js";
export { type Comparable, ranksThatDiffer } from "./ranks-that-differ.js";
export {
  checkChoice,
  checkInRange,
  checkInteger,
  checkPositive,
  checkSameShape,
  checkShape,
  type Shaped,
} from "./shape.js";
export type { Weight, WeightRole } from "./weight.js";
export { assignWeights, type NamedArray, type NamedArrays, type NamedVariable, readWeights } from "./weight-values.js";
