import type { Comparison } from "@simclr/pipeline";
import { z } from "zod";
import { count, type Json, share } from "./json.js";

const summary = z.strictObject({
  mean: share,
  deviation: z.number().min(0).optional().describe("with n - 1; absent for one run"),
  low: z.number().optional().describe("end of the 95 % interval of the mean; absent for one run"),
  high: z.number().optional(),
  count: count.min(1),
});

/** Runs side by side. */
export const comparison: z.ZodType<Json<Comparison>> = z.strictObject({
  runs: z.array(z.strictObject({ folder: z.string(), name: z.string(), seed: count })).min(1),
  rows: z.array(
    z.strictObject({
      labels: z.string(),
      method: z.string(),
      top1: z.array(share.nullable()).describe("of each run; null where a run did not measure it"),
      summary,
    }),
  ),
  isRepeated: z.boolean().describe("whether the runs have one name, so that their mean means something"),
});
