import { barlowTwins as barlowTwinsLoss } from "@simclr/losses";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { project } from "./project.js";

const options = z.object({
  redundancyWeight: z.number().min(0).default(0.005).describe("weight λ of the off-diagonal terms"),
});

/**
 * Barlow Twins: makes the correlation matrix of two views the identity. It has no negatives; wide projections help
 * (8,192 in the paper, with hidden layers as wide). The loss grows with that width, so the learning rate goes with it.
 *
 * @see Zbontar et al. 2021, arXiv:2103.03230
 */
export const barlowTwins = defineMethod({
  name: "barlow-twins",
  options,
  outputNorm: false, // the loss standardises
  build: () => ({}),
  step: (network, { redundancyWeight }) => ({
    encode: (views, pass) => ({ projections: project(network, views, pass) }),
    loss: ({ rows: [z1, z2] }) => barlowTwinsLoss(z1!, z2!, { redundancyWeight }),
  }),
});
