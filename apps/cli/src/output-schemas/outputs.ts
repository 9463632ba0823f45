import { configSchema, dataCheckSchema } from "@simclr/pipeline";
import { z } from "zod";
import { comparison } from "./comparison.js";
import { configKeys } from "./config-keys.js";
import { diagnosis } from "./diagnosis.js";
import { forecast } from "./forecast.js";
import { augmentPreview, neighbors, predictions, suggestions } from "./images.js";
import { importReport } from "./import-report.js";
import { modelSummary } from "./model-summary.js";
import { runResults } from "./run-results.js";
import { sweepPoints, sweepResults } from "./sweep.js";

/** Everything that a command prints with `--json`, by the name of its schema. */
const SCHEMAS = {
  "augment-preview": augmentPreview,
  comparison,
  "config-keys": configKeys,
  configuration: configSchema,
  "data-check": dataCheckSchema,
  diagnosis,
  forecast,
  "import-report": importReport,
  "model-summary": modelSummary,
  neighbors,
  predictions,
  "run-results": runResults,
  suggestions,
  "sweep-points": sweepPoints,
  "sweep-results": sweepResults,
} as const satisfies Record<string, z.ZodType>;

export type SchemaName = keyof typeof SCHEMAS;
export const SCHEMA_NAMES = Object.keys(SCHEMAS) as readonly SchemaName[];

/** The schemas of a command; the first one whose option is given is that of its output, the last one needs none. */
export interface CommandOutput {
  readonly schema: SchemaName;
  readonly option?: string;
}

const RUN = [{ schema: "forecast", option: "--dry-run" }, { schema: "run-results" }] as const;
const IMPORT = [{ schema: "import-report" }] as const;

/** What each command prints with `--json`. */
export const OUTPUTS: Readonly<Record<string, readonly CommandOutput[]>> = {
  run: RUN,
  pretrain: RUN,
  finetune: RUN,
  distill: RUN,
  evaluate: [{ schema: "run-results" }],
  demo: [{ schema: "run-results" }],
  sweep: [{ schema: "sweep-points", option: "--dry-run" }, { schema: "sweep-results" }],
  predict: [{ schema: "predictions" }],
  neighbors: [{ schema: "neighbors" }],
  label: [{ schema: "suggestions" }],
  "import tf-checkpoint": IMPORT,
  "import safetensors": IMPORT,
  compare: [{ schema: "comparison" }],
  "config validate": [{ schema: "configuration" }],
  "config explain": [{ schema: "config-keys" }],
  "data check": [{ schema: "data-check" }],
  "augment preview": [{ schema: "augment-preview" }],
  model: [{ schema: "model-summary" }],
  doctor: [{ schema: "diagnosis" }],
};

/** A schema as JSON Schema, draft 2020-12. */
export function outputSchema(name: SchemaName): Readonly<Record<string, unknown>> {
  // A configuration's `method` is checked by the method itself, and may hold anything here.
  const { $schema, ...schema } = z.toJSONSchema(SCHEMAS[name], { io: "output", unrepresentable: "any" });
  return { $schema, title: `${name}, as simclr prints it with --json`, ...schema };
}
