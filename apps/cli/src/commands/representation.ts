import { type Command, Option } from "commander";
import type { EmbedCommandOptions, LabelCommandOptions, NeighborsCommandOptions } from "../representation-commands.js";
import { backendOption } from "./options.js";

/** Declares `embed`, `neighbors` and `label`. What it needs is loaded when it runs. */
export function addRepresentation(program: Command): void {
  program
    .command("embed")
    .description("write the representation of every image of a set, for other programs")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or any other set of images")
    .requiredOption("-o, --output <file>", "ends in .npy (with a .files.csv beside it), .parquet or .csv")
    .option("--skip-broken", "leave images out that cannot be read, and list them")
    .addOption(backendOption())
    .addHelpText("after", "\nExample:\n  simclr embed runs/signs/pretrain photos -o photos.parquet")
    .action(async (model: string, images: string, options: EmbedCommandOptions) => {
      const { embedCommand } = await import("../representation-commands.js");
      await embedCommand(model, images, options);
    });

  program
    .command("neighbors")
    .description("list the images most like one, by what the encoder makes of them")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or any other set of images")
    .argument("<query>", "name of one of them, or an image file")
    .addOption(new Option("-k <n>", "how many").argParser(Number).default(10))
    .addOption(backendOption())
    .option("--json", "print JSON instead of CSV")
    .addHelpText("after", "\nExample:\n  simclr neighbors runs/signs/pretrain photos IMG_1118.JPG -k 5")
    .action(async (model: string, images: string, query: string, options: NeighborsCommandOptions) => {
      const { neighborsCommand } = await import("../representation-commands.js");
      await neighborsCommand(model, images, query, options);
    });

  program
    .command("label")
    .description("list the images to label next: typical ones of different kinds, the most useful first")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or any other set of images; those with a label are left out")
    .addOption(new Option("-n, --count <n>", "how many").argParser(Number).default(20))
    .addOption(new Option("--seed <n>", "another seed gives other images").argParser(Number).default(0))
    .addOption(backendOption())
    .option("--json", "print JSON instead of CSV")
    .option("--page", "serve a page on this machine to label them in, until Ctrl-C; it goes on where it was left")
    .option("--labels <file>", "where the page writes labels (default: labels.csv beside the images)")
    .addOption(new Option("--port <n>", "of the page on 127.0.0.1 (default: a free one)").argParser(Number))
    .addHelpText("after", "\nExample:\n  simclr label runs/signs/pretrain photos -n 50 --page")
    .action(async (model: string, images: string, options: LabelCommandOptions) => {
      const { labelCommand } = await import("../representation-commands.js");
      await labelCommand(model, images, options);
    });
}
