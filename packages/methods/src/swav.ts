import { splitCrop, swavMultiCrop } from "@simclr/augment";
import { swav as swavLoss } from "@simclr/losses";
import { prototypes } from "@simclr/models";
import type * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { project } from "./project.js";

const share = z.number().gt(0).max(1);

const options = z.object({
  prototypes: z.int().min(2).default(128).describe("clusters K; not many more than images in a batch"),
  temperature: z.number().positive().default(0.1).describe("softmax temperature τ of the predictions"),
  epsilon: z.number().positive().default(0.05).describe("softness of the codes"),
  iterations: z.int().min(1).default(3).describe("rounds of Sinkhorn"),
  smallViews: z.int().min(0).default(2).describe("views of each image besides the two large ones"),
  smallSize: z.int().min(1).optional().describe("their side in pixels; half of the large views' by default"),
  smallArea: z
    .tuple([share, share])
    .refine(([low, high]) => low <= high, { message: "must be [low, high] with low <= high" })
    .default([0.05, 0.14])
    .describe("the area that they crop, as a fraction of the image"),
});

/**
 * SwAV: each view predicts the other's soft assignment to prototypes, and small views predict both (multi-crop).
 *
 * The large views are those of the configured recipe, the small ones differ in their crop, which is that of
 * `swavMultiCrop`. Running statistics are those of the large views, as images are measured at their size.
 *
 * @remarks The official code assigns small batches together with projections of earlier ones, and keeps the prototypes as
 * they are in the first epoch; this does neither, so take fewer prototypes than there are images in a batch.
 * @see Caron et al. 2020, arXiv:2006.09882
 */
export const swav = defineMethod({
  name: "swav",
  options,
  outputNorm: false, // as in the official code
  views(recipe, { smallViews: count, smallSize, smallArea: area }) {
    const { crop, rest } = splitCrop(recipe);
    if (count === 0) return [recipe, recipe];
    const size = smallSize ?? Math.ceil((crop?.size ?? 2) / 2);
    const small = swavMultiCrop({ large: { count: 1 }, small: { count, size, area } }).slice(1);
    return [recipe, recipe, ...small.map(([first]) => [first!, ...rest])];
  },
  build({ head, random }, { prototypes: count }) {
    const clusters = prototypes({ count, dimension: head.dimensionAfter(head.layers), random });
    return { lossWeights: clusters.weights, clusters };
  },
  step: ({ parts: { clusters }, ...network }, { temperature, epsilon, iterations }) => ({
    encode(views, pass) {
      const large = project(network, views.slice(0, 2), pass);
      const small = views.length > 2 ? project(network, views.slice(2), { training: pass.training }) : [];
      return { projections: [...large, ...small] };
    },
    loss: ({ rows: [z1, z2, ...smallViews] }) => {
      const directions = clusters.weight.variable as tf.Tensor as tf.Tensor2D;
      return swavLoss(z1!, z2!, directions, { temperature, epsilon, iterations, smallViews });
    },
    commit: () => clusters.normalise(),
  }),
});
