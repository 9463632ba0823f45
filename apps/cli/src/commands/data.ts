import { type Command, Option } from "commander";
import type { DataCheckOptions } from "../data-check-command.js";
import type { EndWith } from "./end-with.js";

/** Declares `data` and its subcommands. What it needs is loaded when it runs. */
export function addData(program: Command, endWith: EndWith): void {
  const data = program.command("data").description("look at images before training on them");

  data
    .command("check")
    .description(
      "read whole data sets: classes, sizes, broken files, and images that come twice, also across data sets",
    )
    .argument("<paths...>", "folder, tar file, or pattern of tar files; several are compared with each other")
    .option("--labels <file>", "CSV file with the columns file and label")
    .option("--format <name>", "layout, where looking at the path does not tell")
    .option("--split <names>", "parts of a data set that brings its own, such as train,test; compared with each other")
    .addOption(new Option("--limit <n>", "read the first n images only").argParser(Number))
    .addOption(new Option("--channels <n>", "3 for RGB, 1 for grey, 4 for RGB and alpha").argParser(Number))
    .addOption(new Option("--workers <n>", "threads (default: the cores, at most 8)").argParser(Number))
    .option("--sheet <file>", "draw samples of each class of the first data set as a PNG file")
    .option("--json", "print everything as JSON")
    .addHelpText(
      "after",
      "\nExit status: 0 if nothing is wrong; 1 if there are problems, or a path holds no images; 2 for wrong usage.\n\nExample:\n  simclr data check photos/train photos/test --sheet samples.png",
    )
    .action(async (paths: readonly string[], options: DataCheckOptions) => {
      const { dataCheckCommand } = await import("../data-check-command.js");
      endWith(await dataCheckCommand(paths, options));
    });
}
