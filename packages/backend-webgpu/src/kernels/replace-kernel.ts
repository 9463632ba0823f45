import * as tf from "@tensorflow/tfjs-core";
import { BACKEND_NAME } from "./launch.js";

/** What a kernel function is called with. */
export type KernelCall = Parameters<tf.KernelFunc>[0];

/** Puts another function in the place of a kernel that the backend has; it may call the old one. */
export function replaceKernel(name: string, make: (stock: tf.KernelFunc) => tf.KernelFunc): void {
  const config = tf.getKernel(name, BACKEND_NAME);
  tf.unregisterKernel(name, BACKEND_NAME);
  tf.registerKernel({ ...config, kernelFunc: make(config.kernelFunc) });
}
