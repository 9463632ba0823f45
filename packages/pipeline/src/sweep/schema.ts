import { z } from "zod";

const assignments = z
  .record(z.string().min(1), z.unknown())
  .describe("settings of the configuration by their path, such as model.depth; null removes what is there");

const axis = z.union([z.array(z.unknown()).min(1), z.record(z.string().min(1), assignments)], {
  error: "must be a list of values of that setting, or names with their settings: { small: { model.width: 0.25 }, … }",
});

/** A file of a sweep. */
export const sweepSchema = z.strictObject({
  name: z.string().min(1),
  config: z.string().min(1).describe("the configuration that the points change, from this file's folder"),
  set: assignments.default({}).describe("what all points change"),
  axes: z
    .record(z.string().min(1), axis)
    .refine((axes) => Object.keys(axes).length > 0, { message: "must name one setting or more" })
    .describe("what is tried: every combination is a point. The last axis changes fastest"),
  repeat: z
    .string()
    .min(1)
    .default("seed")
    .describe("the axis that repeats a point rather than changes it: the table has means over it"),
  output: z.string().min(1).optional().describe("folder of the runs; by default runs/<name>"),
  stages: z
    .string()
    .min(1)
    .optional()
    .describe("folder of trained stages, which several sweeps may share; by default <output>/stages"),
  results: z
    .string()
    .min(1)
    .optional()
    .describe(
      "folder of a small JSON file for each finished point, from this file's folder; by default <output>/results",
    ),
});

export type SweepFile = z.output<typeof sweepSchema>;
