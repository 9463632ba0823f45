import { l2Normalize } from "@simclr/ops";
import type * as tf from "@tensorflow/tfjs-core";
import { offTape } from "./off-tape.js";

/** Rows of length 1, `[N, D]`, that no gradient passes: the "stop-gradient" of the papers. */
export function constantRows(x: tf.Tensor2D): tf.Tensor2D {
  return offTape(() => l2Normalize(x));
}
