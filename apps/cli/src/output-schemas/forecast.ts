import type { Forecast } from "@simclr/pipeline";
import { z } from "zod";
import { count, type Json, seconds } from "./json.js";

const stage = z.strictObject({
  stage: z.string().describe('for people: "pretraining"'),
  folder: z.string(),
  status: z.enum(["to do", "begun", "done"]),
  images: count.describe("that it learns from"),
  batchSize: count.min(1),
  steps: count.describe("of the whole stage"),
  stepsLeft: count,
  secondsPerStep: seconds.nullable().describe("measured; null for a stage that is done"),
  seconds: seconds.describe("for the steps that are left"),
});

/** What a run would do, and what it would take. */
export const forecast: z.ZodType<Json<Forecast>> = z.strictObject({
  formatVersion: z.literal(1),
  name: z.string(),
  folder: z.string(),
  backend: z.string(),
  trainingImages: count,
  testImages: count,
  stages: z.array(stage),
  readingSeconds: seconds,
  measuringSeconds: seconds,
  seconds: seconds.describe("all of that"),
  memory: z.strictObject({
    peakBytes: count.describe("of the process while it tried the stages"),
    plannedBytes: z.number().min(0).nullable().describe("by the plan of the networks; null where there is none"),
    availableBytes: count,
  }),
});
