import type { ConfigKey } from "@simclr/pipeline";
import { z } from "zod";
import type { Json } from "./json.js";

/** Keys of the configuration. */
export const configKeys: z.ZodType<readonly Json<ConfigKey>[]> = z
  .array(
    z.strictObject({
      key: z.string().describe("dotted; [] stands for each entry of a list"),
      type: z.string().describe("in words"),
      required: z.boolean(),
      default: z.unknown().optional(),
      description: z.string().optional(),
      methods: z.array(z.string()).optional().describe("the pretraining methods that have it"),
    }),
  )
  .min(1);
