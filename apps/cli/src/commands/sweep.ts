import type { Command } from "commander";
import type { SweepCommandOptions } from "../sweep-command.js";
import { assignments, minutes } from "./options.js";

/** Declares `sweep`. What it needs is loaded when it runs. */
export function addSweep(program: Command): void {
  program
    .command("sweep")
    .description("run a configuration with every combination of some settings, and put the results in one table")
    .argument("<file>", "YAML file with name, config and axes, such as docs/study/sweeps/methods.yaml")
    .option("--data <folder>", "folder of the images; replaces data.root of the configuration")
    .option("-o, --output <folder>", "folder of the runs (default: runs/<name>)")
    .addOption(assignments())
    .addOption(minutes())
    .option("--dry-run", "name the points and say which are done, and do nothing")
    .option("--table", "print the table of what is there, and run nothing")
    .option("--json", "print the results of all points as JSON")
    .addHelpText(
      "after",
      `
A sweep that was stopped goes on where it was; stages with the same inputs at several points are trained once.

Example of a file:
  name: width
  config: cifar10-small.yaml
  axes:
    model.width: [0.25, 0.5]
    head: { middle: { finetune.headLayer: 1 }, none: { finetune.headLayer: 0 } }
    seed: [0, 1, 2]

Example:
  simclr sweep width.yaml --data ~/cifar10-jpeg --max-minutes 60`,
    )
    .action(async (file: string, options: SweepCommandOptions) => {
      const { sweepCommand } = await import("../sweep-command.js");
      await sweepCommand(file, options);
    });
}
