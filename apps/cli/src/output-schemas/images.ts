import type { Neighbour, Predictions } from "@simclr/pipeline";
import { z } from "zod";
import type { AugmentPreviewOutput } from "../augment-preview-command.js";
import { type Json, share } from "./json.js";

/** What a classifier says of images. */
export const predictions: z.ZodType<Json<Predictions>> = z.strictObject({
  classNames: z.array(z.string()),
  images: z.array(
    z.strictObject({
      file: z.string(),
      label: z.string(),
      probabilities: z.array(share).describe("of each class, in the order of classNames"),
      truth: z.string().optional().describe("what the data says"),
    }),
  ),
  skipped: z.array(z.string()).describe("broken images that were left out, with reasons"),
});

/** The images most like one, the nearest first. */
export const neighbors: z.ZodType<{ readonly query: string; readonly neighbors: readonly Json<Neighbour>[] }> =
  z.strictObject({
    query: z.string(),
    neighbors: z.array(
      z.strictObject({
        file: z.string(),
        similarity: z.number().min(-1.000001).max(1.000001).describe("cosine"),
        label: z.string().optional(),
      }),
    ),
  });

/** The images to label next, the most useful first. */
export const suggestions = z.strictObject({ images: z.array(z.string()) });

const drawn = z.union([z.number(), z.boolean(), z.string(), z.array(z.number()), z.array(z.string())]);

/** What was drawn for random views of images. */
export const augmentPreview: z.ZodType<Json<AugmentPreviewOutput>> = z.strictObject({
  file: z.string(),
  recipe: z.array(z.string()),
  images: z.array(
    z.strictObject({
      name: z.string(),
      views: z.array(z.array(z.strictObject({ step: z.string(), parameters: z.record(z.string(), drawn) }))),
    }),
  ),
});
