import { type ModelSummary, summarizeModel } from "@simclr/pipeline";
import { modelTable, stageTable } from "./tables.js";

export interface ModelCommandOptions {
  readonly imageSize: number;
  readonly batch: number;
  readonly json?: boolean;
}

/** `simclr model <name>` */
export function modelCommand(name: string, { json = false, imageSize, batch }: ModelCommandOptions): void {
  const summary = summarizeModel(name, { imageSize, batchSize: batch });
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : describe(summary));
}

function describe(summary: ModelSummary): string {
  const { name, imageSize } = summary;
  return `${name} at ${imageSize} px\n${stageTable(summary)}\n${modelTable(summary)}\n`;
}
