import { type Command, Option } from "commander";
import type { ModelCommandOptions } from "../model-command.js";

/** Declares `model`. What it needs is loaded when it runs. */
export function addModel(program: Command): void {
  program
    .command("model")
    .description("say what a network is and needs: layers, parameters, feature dimension, arithmetic, memory")
    .argument("<name>", "r<depth>[_<width>x][_sk0|_sk1], such as r50_2x_sk1")
    .addOption(new Option("--image-size <pixels>", "side of the images").argParser(Number).default(224))
    .addOption(new Option("--batch <n>", "images in a batch, two views each").argParser(Number).default(64))
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  simclr model r152_3x_sk1 --image-size 224 --batch 2")
    .action(async (name: string, options: ModelCommandOptions) => {
      const { modelCommand } = await import("../model-command.js");
      modelCommand(name, options);
    });
}
