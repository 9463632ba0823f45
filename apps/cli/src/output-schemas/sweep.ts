import type { SweepResult } from "@simclr/pipeline";
import { z } from "zod";
import { type Json, texts } from "./json.js";
import { accuracy, distillation, probes, stage } from "./run-results.js";

/** Results of the points of a sweep that are done. */
export const sweepResults: z.ZodType<readonly Json<SweepResult>[]> = z.array(
  z.strictObject({
    formatVersion: z.literal(1),
    sweep: z.string(),
    point: texts.describe("the value of every axis, as the table names it"),
    config: z.record(z.string(), z.unknown()).describe("what was run, paths relative to the folder of the data"),
    accuracy,
    probes,
    distillation,
    stages: z.array(z.strictObject(stage)),
    facts: texts,
  }),
);

/** The points of a sweep. */
export const sweepPoints = z.array(z.strictObject({ name: z.string(), point: texts, isDone: z.boolean() }));
