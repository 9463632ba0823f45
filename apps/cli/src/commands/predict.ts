import { type Command, Option } from "commander";
import type { PredictCommandOptions } from "../predict-command.js";
import { plugins } from "./options.js";

/** Declares `predict`. What it needs is loaded when it runs. */
export function addPredict(program: Command): void {
  program
    .command("predict")
    .description("classify the images of a folder or a tar file with a trained network")
    .argument("<model>", "folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or pattern of tar files")
    .addOption(plugins())
    .option("--skip-broken", "leave images out that cannot be read, and list them")
    .addOption(new Option("--backend <name>", "auto, onednn, webgpu, tensorflow or cpu").default("auto"))
    .option("--json", "print JSON instead of CSV")
    .addHelpText("after", "\nExample:\n  simclr predict runs/signs-few-labels new-photos > labels.csv")
    .action(async (model: string, images: string, options: PredictCommandOptions) => {
      const { predictCommand } = await import("../predict-command.js");
      await predictCommand(model, images, options);
    });
}
