import { vicReg as vicRegLoss } from "@simclr/losses";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { project } from "./project.js";

const weight = z.number().min(0);
const options = z.object({
  invarianceWeight: weight.default(25).describe("weight λ of the distance between the views"),
  varianceWeight: weight.default(25).describe("weight μ of the variance hinge"),
  covarianceWeight: weight.default(1).describe("weight ν of the covariance term"),
});

/**
 * VICReg: views near each other, every component varying, no two alike. It has no negatives; wide projections help
 * (8,192 in the paper, with hidden layers as wide). Its weights make the loss large, so the learning rate is small.
 *
 * @see Bardes et al. 2021, arXiv:2105.04906
 */
export const vicReg = defineMethod({
  name: "vicreg",
  options,
  outputNorm: false, // a batch norm would give every component its variance, and the hinge nothing to do
  build: () => ({}),
  step: (network, weights) => ({
    encode: (views, pass) => ({ projections: project(network, views, pass) }),
    loss: ({ rows: [z1, z2] }) => vicRegLoss(z1!, z2!, weights),
  }),
});
