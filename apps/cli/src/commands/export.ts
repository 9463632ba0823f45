import { type Command, Option } from "commander";
import type { ExportCommandOptions } from "../export-command.js";
import { plugins } from "./options.js";

/** Declares `export`. What it needs is loaded when it runs. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description("write a trained network for other programs")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .addOption(
      new Option("--format <name>", "what to write").choices(["onnx", "tfjs", "safetensors"]).makeOptionMandatory(),
    )
    .requiredOption("-o, --output <path>", "file to write, or folder of tfjs")
    .addOption(plugins())
    .addOption(
      new Option("--backend <name>", "to check the export on: auto, onednn, webgpu, tensorflow or cpu").default("auto"),
    )
    .addHelpText("after", "\nExample:\n  simclr export runs/signs-few-labels --format onnx -o student.onnx")
    .action(async (model: string, options: ExportCommandOptions) => {
      const { exportCommand } = await import("../export-command.js");
      await exportCommand(model, options);
    });
}
