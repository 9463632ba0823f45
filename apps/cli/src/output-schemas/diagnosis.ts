import { z } from "zod";
import type { Diagnosis } from "../doctor-command.js";
import { type Json, texts } from "./json.js";

const backend = z.strictObject({
  name: z.string(),
  isUsable: z.boolean().describe("whether it loads and computes right"),
  details: z.string().describe("what it runs on, or why it cannot be used and what helps"),
  facts: texts.describe("device, driver, versions and memory of a backend that can be used"),
});

/** What this machine has. */
export const diagnosis: z.ZodType<Json<Diagnosis>> = z.strictObject({
  system: texts,
  backends: z.array(backend),
  auto: backend.describe("what `backend: auto` takes"),
  launchers: z.record(z.string(), z.string()).describe("programs that start ranks, and their versions"),
});
