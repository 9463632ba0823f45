import { z } from "zod";
import { count, positive } from "./numbers.js";

/** How accuracy is measured. */
export const evaluate = z
  .strictObject({
    knn: z.strictObject({ k: count.default(200), temperature: positive.default(0.07) }).prefault({}),
    linear: z
      .strictObject({
        epochs: count.default(100),
        batchSize: count.default(256),
        learningRate: positive.default(0.1),
      })
      .prefault({}),
    batchSize: count.default(500),
    depths: z
      .boolean()
      .default(false)
      .describe("probe the pretrained network at every depth: each stage, h, and each layer of the head"),
  })
  .prefault({});
