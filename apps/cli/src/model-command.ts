import { type ModelSummary, summarizeModel } from "@simclr/pipeline";
import type { ModelCommandOptions } from "./index.js";
import { modelTable, stageTable } from "./tables.js";

/** `simclr model <name>` */
export function modelCommand(name: string, { json = false, imageSize, batch }: ModelCommandOptions): void {
  const summary = summarizeModel(name, { imageSize, batchSize: batch });
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : describe(summary));
}

function describe(summary: ModelSummary): string {
  const { name, imageSize } = summary;
  return `${name} at ${imageSize} px\n${stageTable(summary)}\n${modelTable(summary)}\n`;
}
