import { byolRegression } from "@simclr/losses";
import { momentumNetwork, predictor } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { momentumAt } from "./momentum-schedule.js";
import { predictViews } from "./predict-views.js";
import { project } from "./project.js";

const options = z.object({
  momentum: z.number().min(0).max(1).default(0.996).describe("of the target network at the start; it ends at 1"),
  predictorDimension: z.int().min(1).optional().describe("hidden length of the predictor; four times z by default"),
});

/**
 * BYOL: predicts the projection that a momentum network, the target, makes of the other view. No negatives.
 *
 * The target's momentum goes from `momentum` to 1 along a cosine over the run. Batch norm in the target uses the batch, as
 * in the official code.
 *
 * @see Grill et al. 2020, arXiv:2006.07733
 */
export const byol = defineMethod({
  name: "byol",
  options,
  outputNorm: false, // as in the paper
  build(network, { predictorDimension }) {
    const dimension = network.head.dimensionAfter(network.head.layers);
    const hiddenDimension = predictorDimension ?? 4 * dimension;
    const predict = predictor({ dimension, hiddenDimension, random: network.random });
    const target = momentumNetwork(network);
    return { weights: predict.weights, state: target.weights, predict, target };
  },
  step: ({ parts: { predict, target }, ...network }, { momentum }, progress) => ({
    encode(views, pass) {
      const projections = project(network, views, pass);
      return { projections, rows: predictViews(projections, (z) => predict.forward(z, pass)) };
    },
    targets: (views, pass) => project(target, views, pass),
    loss: ({ rows: [p1, p2] }, [z1, z2]) => tf.tidy(() => tf.add(byolRegression(p1!, z2!), byolRegression(p2!, z1!))),
    commit: () => target.follow(momentumAt(momentum, progress)),
  }),
});
