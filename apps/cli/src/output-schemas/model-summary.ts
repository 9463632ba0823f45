import type { ModelSummary } from "@simclr/pipeline";
import { z } from "zod";
import { count, type Json } from "./json.js";

const bytes = z.number().min(0);
const plan = z.strictObject({
  program: bytes,
  weights: bytes,
  optimizer: bytes,
  gradients: bytes,
  activations: bytes,
  workspace: bytes,
  total: bytes,
});

/** What a network is and needs. */
export const modelSummary: z.ZodType<Json<ModelSummary>> = z.strictObject({
  name: z.string(),
  imageSize: count.min(1),
  batchSize: count.min(1),
  layers: z.strictObject({ convolutions: count, batchNorms: count }),
  trainableParameters: z.strictObject({ encoder: count, head: count, classifier: count }),
  statistics: count.describe("running means and variances of the encoder"),
  featureDimension: count.min(1),
  flopsPerImage: count.describe("a multiplication and an addition count as two"),
  stages: z.array(
    z.strictObject({
      name: z.string(),
      blocks: count,
      output: z.tuple([count, count, count]).describe("height, width, channels"),
      trainableParameters: count,
      flopsPerImage: count,
    }),
  ),
  memory: z
    .strictObject({ none: plan, block: plan, group: plan })
    .describe("bytes that pretraining needs, by what is computed again in the backward pass"),
});
