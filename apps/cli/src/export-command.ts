import { type BackendName, useBackend } from "@simclr/backends";
import type { Model } from "@simclr/exchange";
import { type ExportResult, exportOnnx, exportTfjs, saveModel } from "@simclr/exchange/node";
import { loadTrainedModel } from "@simclr/pipeline";
import { withPlugins } from "./with-plugins.js";

export interface ExportCommandOptions {
  readonly plugin?: readonly string[];
  readonly format: "onnx" | "tfjs" | "safetensors";
  readonly output: string;
  readonly backend: string;
}

/** `simclr export MODEL --format onnx --output FILE` */
export async function exportCommand(path: string, options: ExportCommandOptions): Promise<void> {
  const { format, output, backend, plugin } = options;
  await useBackend(backend as BackendName | "auto");
  const { model, path: source } = await loadTrainedModel(path, withPlugins(plugin));
  try {
    process.stderr.write(`model: ${source}\n`);
    if (format === "safetensors") await saveModel(output, model);
    else process.stderr.write(`${checked(await exportAs[format](model, output), format)}\n`);
    process.stdout.write(`${output}\n`);
  } finally {
    model.dispose();
  }
}

const exportAs: Readonly<Record<"onnx" | "tfjs", (model: Model, path: string) => Promise<ExportResult>>> = {
  onnx: exportOnnx,
  tfjs: exportTfjs,
};

const RUNNERS = { onnx: "onnxruntime-node", tfjs: "tf.loadGraphModel" } as const;

function checked({ check, unverified }: ExportResult, format: "onnx" | "tfjs"): string {
  return check === undefined
    ? `not checked: ${unverified}`
    : `checked in ${RUNNERS[format]}: differs from the model by ${check.difference.toExponential(1)} of the largest output`;
}
