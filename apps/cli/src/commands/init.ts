import { type Command, Option } from "commander";
import type { InitCommandOptions } from "../init-command.js";

/** Declares `init`. What it needs is loaded when it runs. */
export function addInit(program: Command): void {
  program
    .command("init")
    .description("look at a folder of images, measure this machine, and write a configuration that fits both")
    .argument("<images>", "folder or archive of images, some of them labelled by class folders or a labels.csv")
    .option("-o, --output <file>", "configuration to write; nothing is overwritten", "simclr.yaml")
    .option("--test <images>", "labelled images to measure with (default: a fifth of the labelled ones is held out)")
    .addOption(new Option("--minutes <n>", "how long a run may take (default: 60)").argParser(Number))
    .option("--colour-matters", "colour tells the classes apart: crop only, and leave colours alone")
    .option("-y, --yes", "ask nothing")
    .addHelpText("after", "\nExample:\n  simclr init photos --minutes 30 -o photos.yaml")
    .action(async (images: string, options: InitCommandOptions) => {
      const { initCommand } = await import("../init-command.js");
      await initCommand(images, options);
    });
}
