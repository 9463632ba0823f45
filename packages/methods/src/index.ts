export { acrossRanks } from "./across-ranks.js";
export {
  type BuiltMethod,
  defineMethod,
  type Encoded,
  type Method,
  type MethodDefinition,
  type MethodNetwork,
  type MethodParts,
  type MethodProgress,
  type MethodStep,
} from "./define-method.js";
export { type NamedGradients, trainable, weightGradients } from "./gradients.js";
export { type MethodTask, type MethodTaskOptions, methodTask } from "./method-task.js";
export { type MethodName, methods } from "./methods.js";
export { project } from "./project.js";
export { projectionDeviation } from "./projection-deviation.js";
export { type SimClrOptions, simClr } from "./sim-clr.js";
export { batchAccuracy, type SupervisedOptions, supervised } from "./supervised.js";
