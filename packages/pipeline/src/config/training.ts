import { z } from "zod";
import { count, positive, range } from "./numbers.js";
import { optimizer } from "./optimizer.js";
import { part } from "./part.js";

/** Of an evaluation while training, or of an epoch. */
export const watchedMetric = {
  metric: z.string().min(1).describe("meanLoss of epochs, or knnAccuracy or linearAccuracy of `onlineEvaluation`"),
  mode: z.enum(["min", "max"]).default("max").describe("whether more or less is better"),
};

export const trainingFields = {
  batchSize: count,
  epochs: positive.optional().describe("passes over the images; give this or `steps`"),
  steps: count.optional().describe("optimizer updates; give this or `epochs`"),
  warmupEpochs: z.number().min(0).default(0).describe("linear warm-up before the cosine"),
  optimizer,
  hooks: z.array(part).min(1).optional().describe("hooks of plugins, in their order"),
  averageDecay: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("decay of a moving average of the weights (EMA), with which the stage ends"),
  earlyStop: z
    .strictObject({
      ...watchedMetric,
      patience: count.describe("values in a row that are no better"),
      minimumGain: z.number().min(0).default(0),
    })
    .optional()
    .describe("end the stage when a metric has stopped to improve"),
};

/** Stages that crop and flip only. */
export const labelledFields = {
  ...trainingFields,
  area: range.optional().describe("crop area as a fraction of the image; by default [0.08, 1]"),
};

export const oneLength = (training: { epochs?: number | undefined; steps?: number | undefined }): boolean =>
  (training.epochs === undefined) !== (training.steps === undefined);
export const ONE_LENGTH = { message: "give exactly one of `epochs` and `steps`", path: ["epochs"] };
