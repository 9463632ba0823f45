import { z } from "zod";
import { positive } from "./numbers.js";

const parameterGroup = z
  .strictObject({
    under: z.string().min(1).optional().describe("weights below this path, such as encoder or head"),
    roles: z
      .array(z.enum(["kernel", "bias", "gamma", "beta", "classifier-kernel", "classifier-bias"]))
      .min(1)
      .optional(),
    learningRateScale: z.number().min(0).optional().describe("factor of the learning rate"),
    weightDecay: z.number().min(0).optional().describe("instead of the optimizer's"),
  })
  .refine(({ under, roles }) => under !== undefined || roles !== undefined, {
    message: "give `under`, `roles` or both",
  });

const ADAM_ONLY = ["beta1", "beta2", "epsilon"] as const;

export const optimizer = z
  .strictObject({
    name: z
      .enum(["lars", "torch-lars", "momentum", "adamw"])
      .default("momentum")
      .describe("LARS (reference 6.1), LARS as lightly and solo-learn have it, SGD with momentum, AdamW"),
    learningRate: positive.describe("before scaling by the batch size"),
    scaling: z
      .enum(["none", "linear", "sqrt"])
      .default("none")
      .describe("learning rate × 1, × batch/256, or × √batch (reference 6.3)"),
    schedule: z
      .enum(["cosine", "linear", "constant"])
      .optional()
      .describe("cosine by default: how the learning rate falls after the warm-up"),
    momentum: z.number().min(0).lt(1).default(0.9).describe("not of adamw"),
    nesterov: z.boolean().default(false).describe("not of adamw"),
    momentumStyle: z.enum(["classic", "popular"]).optional().describe("lars only; classic by default"),
    weightDecay: z.number().min(0).default(0),
    trustCoefficient: positive.default(0.001).describe("LARS only: η"),
    beta1: z.number().min(0).lt(1).optional().describe("adamw only; 0.9 by default"),
    beta2: z.number().min(0).lt(1).optional().describe("adamw only; 0.999 by default"),
    epsilon: positive.optional().describe("adamw only; 1e-8 by default"),
    clipNorm: positive.optional().describe("largest norm of all gradients together"),
    groups: z.array(parameterGroup).min(1).optional().describe("weights with rates of their own; the first one counts"),
  })
  .refine((one) => one.name === "adamw" || ADAM_ONLY.every((key) => one[key] === undefined), {
    message: "`beta1`, `beta2` and `epsilon` belong to adamw",
  })
  .refine(({ name, momentumStyle }) => name === "lars" || momentumStyle === undefined, {
    message: "only lars has a `momentumStyle`",
    path: ["momentumStyle"],
  });
