import type { ImportReport } from "@simclr/exchange";
import { z } from "zod";
import { count, type Json } from "./json.js";

/** What became of the tensors of an imported file. */
export const importReport: z.ZodType<Json<ImportReport & { readonly output: string }>> = z.strictObject({
  architecture: z.string(),
  convolutions: count,
  batchNorms: count,
  headLayers: count.describe("0 where there is no head"),
  classCount: count.describe("0 where there is no classifier"),
  used: count.describe("tensors that became weights"),
  unused: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  output: z.string().describe("the model file"),
});
