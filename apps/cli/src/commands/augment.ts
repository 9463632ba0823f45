import { type Command, Option } from "commander";
import type { AugmentPreviewOptions } from "../augment-preview-command.js";
import { assignments } from "./options.js";

/** Declares `augment` and its subcommands. What it needs is loaded when it runs. */
export function addAugment(program: Command): void {
  const augment = program.command("augment").description("look at augmentations before training with them");

  augment
    .command("preview")
    .description("draw images beside the random views that pretraining would see of them")
    .argument("<source>", "folder of images, tar file or any other set of images; or a configuration, for its own")
    .option("--recipe <recipe>", "simclr, simclr-v2, cifar, crop-only, or a list as in a configuration")
    .option("-o, --output <file>", "ends in .html, which also tells what was drawn, or .png", "views.html")
    .addOption(new Option("--rows <n>", "images").argParser(Number).default(6))
    .addOption(new Option("--views <n>", "views of each").argParser(Number).default(6))
    .option("--image-size <pixels>", "side of the views (default: the configuration's; 96 for images)")
    .option("--seed <n>", "another seed gives other images and views")
    .option("--data <folder>", "folder of the images of a configuration; replaces data.root")
    .addOption(assignments())
    .option("--json", "print the file, the images and what was drawn as JSON")
    .addHelpText("after", "\nExample:\n  simclr augment preview photos --recipe simclr-v2 -o views.html")
    .action(async (source: string, options: AugmentPreviewOptions) => {
      const { augmentPreviewCommand } = await import("../augment-preview-command.js");
      await augmentPreviewCommand(source, options);
    });
}
