import type { Command } from "commander";
import type { RunCommandOptions } from "../run-command.js";
import { assignments, minutes, runFolder } from "./options.js";

/** Declares `run`. What it needs is loaded when it runs. */
export function addRun(program: Command): void {
  program
    .command("run")
    .description(
      "pretrain, fine-tune, distil and measure, as a configuration says; goes on where an earlier run stopped",
    )
    .argument("<config>", "YAML file, such as configs/cifar10-small.yaml")
    .option("--data <folder>", "folder of the images; replaces data.root of the configuration")
    .addOption(runFolder())
    .addOption(assignments())
    .option("--fresh", "move what an earlier run left in the folder aside, and start anew")
    .addOption(minutes())
    .option("--json", "print the results as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  simclr run configs/cifar10-small.yaml --data ~/cifar10-jpeg --set pretrain.epochs=10",
    )
    .action(async (config: string, options: RunCommandOptions) => {
      const { runCommand } = await import("../run-command.js");
      await runCommand(config, options);
    });
}
