import { useBackend } from "@simclr/backends";
import { saveModel } from "@simclr/exchange/node";
import { loadTrainedModel } from "@simclr/pipeline";
import type { ExportCommandOptions } from "./index.js";

/** `simclr export MODEL --format safetensors --output FILE` */
export async function exportCommand(path: string, { output }: ExportCommandOptions): Promise<void> {
  await useBackend("cpu");
  const { model, path: source } = await loadTrainedModel(path);
  try {
    process.stderr.write(`model: ${source}\n`);
    await saveModel(output, model);
    process.stdout.write(`${output}\n`);
  } finally {
    model.dispose();
  }
}
