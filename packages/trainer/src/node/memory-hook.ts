import { checkInteger, checkPositive } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { defineHook, type TrainerHook } from "../hooks.js";

export interface MemoryHookOptions {
  /** How often to look, in steps. @defaultValue 10 */
  readonly everySteps?: number;
  /** Told once of tensors that grow in number without end, and once of too much memory. @defaultValue nobody */
  readonly warn?: ((text: string) => void) | undefined;
  /** Resident memory of the process above which to warn, in bytes. @defaultValue none */
  readonly maxBytes?: number | undefined;
}

/** So many looks in a row with more tensors than before are a leak; an epoch's end or a hook adds some now and then. */
const LEAK_LOOKS = 20;

/**
 * Adds `rssBytes`, the process's resident memory, and `numTensors` to the metrics of every so many steps, and warns where they
 * grow. Place it before the hooks that write metrics.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function memoryHook({ everySteps = 10, warn = () => {}, maxBytes }: MemoryHookOptions = {}): TrainerHook {
  checkInteger("memoryHook", { everySteps }, 1);
  if (maxBytes !== undefined) checkPositive("memoryHook", { maxBytes });
  let tensors = Number.POSITIVE_INFINITY;
  let growing = 0;
  let saidBytes = false;
  return defineHook({
    name: "memory",
    trainStart() {
      tensors = Number.POSITIVE_INFINITY;
      growing = 0;
      saidBytes = false;
    },
    stepEnd({ task }, { step, metrics }) {
      if (step % everySteps !== 0) return;
      metrics.rssBytes = process.memoryUsage.rss();
      metrics.numTensors = tf.memory().numTensors;
      growing = metrics.numTensors > tensors ? growing + 1 : 0;
      tensors = metrics.numTensors;
      if (growing === LEAK_LOOKS)
        warn(
          `${task.name}: tensors leak: their number has grown at each of the last ${LEAK_LOOKS} looks, to ${tensors} at step ${step}. Dispose what a hook, an augmentation or a loss makes.`,
        );
      if (maxBytes === undefined || saidBytes || metrics.rssBytes <= maxBytes) return;
      saidBytes = true;
      warn(
        `${task.name}: the process takes ${megabytes(metrics.rssBytes)} of memory at step ${step}, above the limit of ${megabytes(maxBytes)}. Lower the batch size or the cache of images.`,
      );
    },
  });
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
