export {
  hasBottlenecks,
  type InputNormalisation,
  type ResNetArchitecture,
  type ResNetDepth,
  type ResNetDescription,
  type ResNetVariant,
  type Stem,
} from "./architecture.js";
export { BatchStatistics } from "./batch-statistics.js";
export { buildEncoder, buildProjectionHead, type Definitions } from "./build-parts.js";
export { type Classifier, type ClassifierDescription, type ClassifierOptions, classifier } from "./classifier.js";
export {
  buildClassifierNetwork,
  type ClassifierNetwork,
  type ClassifierNetworkDescription,
  type ClassifierNetworkParts,
  classifierNetwork,
} from "./classifier-network.js";
export { countParameters, type ParameterCount } from "./count-parameters.js";
export {
  type BuildEncoderOptions,
  type DefinedEncoder,
  type DefinedEncoderDescription,
  defineEncoder,
  type EncoderDefinition,
  type EncoderModule,
  type EncoderSite,
} from "./define-encoder.js";
export {
  type BuildHeadOptions,
  type DefinedHead,
  type DefinedHeadDescription,
  defineHead,
  type HeadDefinition,
  type HeadLayer,
  type HeadSite,
} from "./define-head.js";
export type { BuildSite, ModuleDefinition } from "./defined-module.js";
export type { DropBlockSettings } from "./drop-block.js";
export {
  type ArchitectureDescription,
  type Encoder,
  type EncoderOutput,
  endpointFeatures,
  type InputConstraints,
  type ResNetEndpoint,
} from "./encoder.js";
export { type HeadSize, headParameters } from "./head-parameters.js";
export type { MapShape, PartCost } from "./layer-cost.js";
export { type MemoryPlan, type MemoryPlanOptions, planMemory } from "./memory-plan.js";
export { modelName, type NamedArchitecture, PUBLISHED_MODELS, parseModelName } from "./model-name.js";
export type { ForwardOptions, Module } from "./module.js";
export { type MomentumNetwork, momentumNetwork, type NetworkParts } from "./momentum-network.js";
export { type Predictor, type PredictorOptions, predictor } from "./predictor.js";
export {
  type HeadDescription,
  type ProjectionHead,
  type ProjectionHeadDescription,
  type ProjectionHeadOptions,
  projectionHead,
} from "./projection-head.js";
export { type Prototypes, type PrototypesOptions, prototypes } from "./prototypes.js";
export {
  type Checkpointing,
  type ResNet,
  type ResNetOptions,
  resNet,
  resNetFeatureDimension,
  resNetWeightSpecs,
} from "./res-net.js";
export { type CountedPart, type ResNetCost, resNetCost } from "./res-net-cost.js";
export type { WeightSource, WeightSpec } from "./weight-spec.js";
