import type { NativeKernel } from "../kernel.js";
import { addN } from "./add-n.js";
import { complex, expandDims, identity, reshape } from "./aliases.js";
import { batchNorm, batchNormGrad, batchNormInference } from "./batch-norm.js";
import { joins } from "./concat.js";
import { conv2d, conv2dBackpropFilter, conv2dBackpropInput, fusedConv2d } from "./convolution.js";
import { depthwise } from "./depthwise.js";
import { einsum } from "./einsum.js";
import { elementWise } from "./element-wise.js";
import { fusedBatchNorm } from "./fused-batch-norm.js";
import { gathers } from "./gather.js";
import { colorJitter, equalizeImages, rotateImages, separableResample } from "./images.js";
import { losses } from "./losses.js";
import { batchMatMul, fusedMatMul } from "./mat-mul.js";
import { padV2 } from "./pad.js";
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from "./pooling.js";
import { rearrangements } from "./rearrange.js";
import { reductions } from "./reduce.js";
import { resizes } from "./resize.js";
import { spaceAndBatch } from "./space-to-batch.js";
import { adamWUpdate, larsUpdate, momentumUpdate } from "./updates.js";

/** Every kernel that does not go to tfjs's cpu backend; the order does not matter. */
export const nativeKernels: readonly NativeKernel[] = [
  // aliases
  identity,
  reshape,
  expandDims,
  complex,
  // convolution and pooling
  conv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
  fusedConv2d,
  ...depthwise,
  maxPool,
  maxPoolGrad,
  avgPool,
  avgPoolGrad,
  // element by element
  ...elementWise,
  addN,
  // reductions
  ...reductions,
  // shapes and indices
  ...rearrangements,
  ...joins,
  padV2,
  ...spaceAndBatch,
  ...gathers,
  // images
  ...resizes,
  // matrix product
  batchMatMul,
  fusedMatMul,
  einsum,
  // batch norm of tfjs-core
  fusedBatchNorm,
  // named kernels of @simclr/ops
  batchNorm,
  batchNormGrad,
  batchNormInference,
  adamWUpdate,
  larsUpdate,
  momentumUpdate,
  ...losses,
  separableResample,
  colorJitter,
  rotateImages,
  equalizeImages,
];
