import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { CPU_KERNEL_NAMES } from "./cpu-kernel-names.js";

it("lists the kernels that tfjs's cpu backend registers", () => {
  const registered = tf.getKernelsForBackend("cpu").map(({ kernelName }) => kernelName);
  expect([...CPU_KERNEL_NAMES].sort()).toEqual(registered.sort());
});
