import type { Command } from "commander";
import type { CompareCommandOptions } from "../compare-command.js";

/** Declares `compare`. What it needs is loaded when it runs. */
export function addCompare(program: Command): void {
  program
    .command("compare")
    .description(
      "put runs side by side; of runs of one name, which differ in their seed, also the mean and its interval",
    )
    .argument("<runs...>", "folders of runs that have ended")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  simclr compare runs/cifar10-small-*")
    .action(async (runs: readonly string[], options: CompareCommandOptions) => {
      const { compareCommand } = await import("../compare-command.js");
      await compareCommand(runs, options);
    });
}
