import type { RunResults } from "@simclr/pipeline";
import { z } from "zod";
import { count, type Json, seconds, share, texts } from "./json.js";

export const accuracy = z.array(
  z.strictObject({
    method: z.string().describe('for people: "fine-tuned"'),
    labels: z.string().describe("how many labels the method saw, for people; rows with the same text belong together"),
    top1: share.describe("share of the test images whose first guess is right"),
    testCount: count.min(1),
    protocol: z.string(),
    isBaseline: z.boolean().optional(),
    againstBaseline: z
      .strictObject({ gained: count, lost: count })
      .optional()
      .describe("test images that this method has right and the baseline wrong, and the other way round"),
  }),
);

export const probes = z
  .array(
    z.strictObject({
      depth: z.string().describe("an endpoint of the encoder, h, or a layer of the head"),
      dimension: count.min(1),
      labels: z.string(),
      knn: share,
      linear: share,
      protocol: z.string(),
    }),
  )
  .describe("only with evaluate.depths");

const shares = z.strictObject({ labelled: share.optional(), unlabelled: share.optional(), test: share });

export const distillation = z.array(
  z.strictObject({
    name: z.string().describe("of the student"),
    labels: z.string(),
    round: count.min(1),
    teacher: shares,
    student: shares,
    agreement: z.strictObject({ training: share, test: share }),
    corrected: share.describe("share of test images that the student has right and the teacher wrong"),
    spoiled: share.describe("share of test images that the student has wrong and the teacher right"),
  }),
);

/** A stage, without its folder. */
export const stage = {
  stage: z.string(),
  steps: count,
  seconds,
  communication: share.optional().describe("share of the time in collectives; only with several ranks"),
  finalLoss: z.number(),
  metrics: z.record(z.string(), z.number()).describe("means over the last epoch"),
};

/** `results.json` of a run. */
export const runResults: z.ZodType<Json<RunResults>> = z.strictObject({
  formatVersion: z.literal(1),
  name: z.string(),
  seed: count,
  finishedAt: z.iso.datetime(),
  accuracy,
  calibration: z.array(
    z.strictObject({
      check: z.string(),
      value: z.number(),
      unit: z.string().optional(),
      limit: z.string(),
      passed: z.boolean(),
    }),
  ),
  stages: z.array(z.strictObject({ ...stage, folder: z.string() })),
  probes,
  distillation,
  facts: texts.describe("versions, backend, seed, time, memory"),
  plugins: z.array(
    z.strictObject({ name: z.string(), version: z.string().optional(), sha256: z.string(), file: z.string() }),
  ),
  skipped: z.array(z.string()).describe("images left out because they are broken"),
});
