import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";

/** Clips values to [0, 1], which a bicubic resize overshoots. */
export function clip(): Augmentation {
  return defineAugmentation({ name: "clip", apply: (images) => tf.clipByValue(images, 0, 1) });
}
