import type { NativeKernel } from "../kernel.js";
import { complex, identity, reshape } from "./aliases.js";
import { batchNorm, batchNormGrad, batchNormInference } from "./batch-norm.js";
import { conv2d, conv2dBackpropFilter, conv2dBackpropInput, fusedConv2d } from "./convolution.js";
import { elementWise } from "./element-wise.js";
import { colorJitter, separableResample } from "./images.js";
import { batchMatMul, fusedMatMul } from "./mat-mul.js";
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from "./pooling.js";
import { reductions } from "./reduce.js";
import { larsUpdate, momentumUpdate } from "./updates.js";

/** Every kernel that does not go to tfjs's cpu backend; the order does not matter. */
export const nativeKernels: readonly NativeKernel[] = [
  // aliases
  identity,
  reshape,
  complex,
  // convolution and pooling
  conv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
  fusedConv2d,
  maxPool,
  maxPoolGrad,
  avgPool,
  avgPoolGrad,
  // element by element
  ...elementWise,
  // reductions
  ...reductions,
  // matrix product
  batchMatMul,
  fusedMatMul,
  // named kernels of @simclr/ops
  batchNorm,
  batchNormGrad,
  batchNormInference,
  larsUpdate,
  momentumUpdate,
  separableResample,
  colorJitter,
];
