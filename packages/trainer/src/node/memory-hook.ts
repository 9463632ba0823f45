import { checkInteger } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { defineHook, type TrainerHook } from "../hooks.js";

/**
 * Adds `rssBytes`, the process's resident memory, and `numTensors` to the metrics of every so many steps. Place it before
 * the hooks that write metrics.
 */
export function memoryHook({ everySteps = 10 }: { readonly everySteps?: number } = {}): TrainerHook {
  checkInteger("memoryHook", { everySteps }, 1);
  return defineHook({
    name: "memory",
    stepEnd(_run, { step, metrics }) {
      if (step % everySteps !== 0) return;
      metrics.rssBytes = process.memoryUsage.rss();
      metrics.numTensors = tf.memory().numTensors;
    },
  });
}
