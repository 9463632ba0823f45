import { momentumContrast } from "@simclr/losses";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { keyMemory } from "./key-memory.js";
import { project } from "./project.js";

const options = z.object({
  temperature: z.number().positive().default(0.1).describe("softmax temperature τ"),
  momentum: z.number().min(0).max(1).default(0.999).describe("of the memory network"),
  queueSize: z.int().min(1).default(65536).describe("projections of earlier steps that are negatives"),
});

/**
 * SimCLRv2 with its memory: SimCLR whose partners and negatives are projections of a momentum network, of the current batch
 * and of past ones. Both views are queries, and both are remembered.
 *
 * @remarks The official code of the memory was not released. This is what the paper says, as MoCo does it where the paper
 * is silent: queue of random directions at the start, no gradient into it, keys enqueued after the loss.
 * @see Chen et al. 2020, arXiv:2006.10029, section 2
 */
export const simclrV2 = defineMethod({
  name: "simclr-v2",
  options,
  build: (network, { queueSize }) => ({ ...keyMemory(network, queueSize) }),
  step: ({ parts, ...network }, { temperature, momentum }) => ({
    encode: (views, pass) => ({ projections: project(network, views, pass) }),
    targets: (views, pass) => project(parts.network, views, pass),
    loss: ({ rows: [z1, z2] }, [key1, key2]) =>
      tf.tidy(() => {
        const options = { temperature, batchNegatives: true };
        const first = momentumContrast(z1!, key2!, parts.queue, options);
        const second = momentumContrast(z2!, key1!, parts.queue, options);
        return tf.div<tf.Scalar>(tf.add(first, second), 2);
      }),
    commit(keys) {
      parts.network.follow(momentum);
      parts.enqueue(keys);
    },
  }),
});
