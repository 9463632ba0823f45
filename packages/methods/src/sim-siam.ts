import { simSiam as simSiamLoss } from "@simclr/losses";
import { predictor } from "@simclr/models";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { predictViews } from "./predict-views.js";
import { project } from "./project.js";

const options = z.object({
  predictorDimension: z.int().min(1).optional().describe("hidden length of the predictor; a quarter of z by default"),
});

/**
 * SimSiam: each view's prediction meets the other view's projection, which is a constant. Neither negatives nor a momentum
 * network: the predictor and the stopped gradient alone keep it from collapsing.
 *
 * @see Chen and He 2020, arXiv:2011.10566
 */
export const simSiam = defineMethod({
  name: "simsiam",
  options,
  build({ head, random }, { predictorDimension }) {
    const dimension = head.dimensionAfter(head.layers);
    const hiddenDimension = predictorDimension ?? Math.max(1, Math.round(dimension / 4));
    const predict = predictor({ dimension, hiddenDimension, random });
    return { weights: predict.weights, predict };
  },
  step: ({ parts: { predict }, ...network }) => ({
    encode(views, pass) {
      const projections = project(network, views, pass);
      return { projections, rows: predictViews(projections, (z) => predict.forward(z, pass)) };
    },
    loss: ({ rows: [p1, p2], projections: [z1, z2] }) => simSiamLoss(p1!, p2!, z1!, z2!),
  }),
});
