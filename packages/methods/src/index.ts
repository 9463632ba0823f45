export { type NamedGradients, trainable, weightGradients } from "./gradients.js";
export { type SimClrOptions, simClr } from "./sim-clr.js";
export { batchAccuracy, type SupervisedOptions, supervised } from "./supervised.js";
