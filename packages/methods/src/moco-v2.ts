import { momentumContrast } from "@simclr/losses";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { keyMemory } from "./key-memory.js";
import { project } from "./project.js";

const options = z.object({
  temperature: z.number().positive().default(0.2).describe("softmax temperature τ"),
  momentum: z.number().min(0).max(1).default(0.999).describe("of the key network"),
  queueSize: z.int().min(1).default(65536).describe("keys of earlier steps that are negatives"),
  symmetric: z.boolean().default(false).describe("whether each view is a query once, not the first alone"),
});

/**
 * MoCo v2: each first view's projection picks the momentum network's projection of the second view, its key, out of a
 * queue of keys. Other images of the batch are not negatives.
 *
 * @remarks The official code shuffles images over GPUs so that batch norm cannot tell a key by its batch. In one process
 * there is nothing to shuffle; projections end in SimCLR's batch norm, where the paper's have none.
 * @see He et al. 2019, arXiv:1911.05722; Chen et al. 2020, arXiv:2003.04297
 */
export const mocoV2 = defineMethod({
  name: "moco-v2",
  options,
  build: (network, { queueSize }) => ({ ...keyMemory(network, queueSize) }),
  step: ({ parts, ...network }, { temperature, momentum, symmetric }) => ({
    encode: (views, pass) => ({ projections: project(network, symmetric ? views : views.slice(0, 1), pass) }),
    // The key of the first query is of the second view, and the other way round.
    targets: (views, pass) => project(parts.network, symmetric ? [views[1]!, views[0]!] : views.slice(1), pass),
    loss: ({ rows }, keys) =>
      tf.tidy(() => {
        const { queue } = parts;
        const terms = rows.map((query, v) => momentumContrast(query, keys[v]!, queue, { temperature }));
        return tf.div<tf.Scalar>(tf.addN(terms), terms.length);
      }),
    commit(keys) {
      parts.network.follow(momentum);
      parts.enqueue(keys);
    },
  }),
});
