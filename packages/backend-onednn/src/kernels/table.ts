import type { NativeKernel } from "../kernel.js";
import { complex, identity, reshape } from "./aliases.js";
import { conv2d, conv2dBackpropFilter, conv2dBackpropInput } from "./convolution.js";

/** Every kernel that does not go to tfjs's cpu backend; the order does not matter. */
export const nativeKernels: readonly NativeKernel[] = [
  // aliases
  identity,
  reshape,
  complex,
  // convolution
  conv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
];
