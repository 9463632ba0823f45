import { type Command, Option } from "commander";
import type { RunCommandOptions } from "../run-command.js";
import { assignments, minutes, runFolder } from "./options.js";

/** Declares `demo`. What it needs is loaded when it runs. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description("the whole pipeline on the built-in data set, in a few minutes on two cores")
    .addOption(new Option("--seed <n>", "seed of the run").argParser(Number).default(0))
    .addOption(runFolder())
    .addOption(assignments())
    .option("--fresh", "move what an earlier demo left aside, and start anew")
    .addOption(minutes())
    .option("--json", "print the results as JSON")
    .addHelpText("after", "\nExample:\n  simclr demo --seed 1 --output runs/demo-1")
    .action(async ({ seed, ...options }: RunCommandOptions & { seed: number }) => {
      const { runCommand } = await import("../run-command.js");
      const config = new URL("../configs/demo.yaml", import.meta.url).pathname;
      const output = options.output ?? `runs/demo${seed === 0 ? "" : `-seed-${seed}`}`;
      await runCommand(config, { ...options, output, set: [...options.set, `seed=${seed}`] });
    });
}
