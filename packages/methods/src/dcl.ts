import { contrastMetrics, decoupledNtXent } from "@simclr/losses";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { project } from "./project.js";

const options = z.object({
  temperature: z.number().positive().default(0.1).describe("softmax temperature τ"),
});

/**
 * Decoupled contrastive learning: SimCLR whose denominator leaves the positive out, for small batches.
 *
 * @see Yeh et al. 2021, arXiv:2110.06848
 */
export const dcl = defineMethod({
  name: "dcl",
  options,
  build: () => ({}),
  step: (network, { temperature }) => ({
    encode: (views, pass) => ({ projections: project(network, views, pass) }),
    loss: ({ rows: [z1, z2] }) => decoupledNtXent(z1!, z2!, { temperature }),
    metrics: ({ projections: [z1, z2] }) => ({ ...contrastMetrics(z1!, z2!, { temperature }) }),
  }),
});
