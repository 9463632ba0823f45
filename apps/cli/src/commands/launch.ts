import { type Command, Option } from "commander";
import type { LaunchCommandOptions } from "../launch-command.js";
import type { EndWith } from "./end-with.js";

/** Declares `launch`. What it needs is loaded when it runs. */
export function addLaunch(program: Command, endWith: EndWith): void {
  program
    .command("launch")
    .description("run simclr on several ranks, which train as one: with mpirun, on this machine or several")
    .argument("<args...>", "what each rank runs, such as: run configs/cifar10-small.yaml")
    .addOption(new Option("-n, --ranks <n>", "ranks in all (default: those of --hosts, or 2)").argParser(Number))
    .option("--hosts <list>", "machines and their ranks, such as node1:4,node2:4")
    .addOption(new Option("--mpi <family>", "whose launcher").choices(["openmpi", "mpich"]).default("openmpi"))
    .addOption(new Option("--threads <n>", "threads of a rank (default: the processors, shared)").argParser(Number))
    .option("--interface <network>", "network between the machines, by name or subnet")
    .option("--dry-run", "print the command and do nothing")
    .passThroughOptions()
    .addHelpText(
      "after",
      "\nExit status: the launcher's, 0 also where the ranks stopped at a checkpoint; 2 for wrong usage.\n\nExample:\n  simclr launch -n 4 run configs/cifar10-small.yaml --data ~/cifar10-jpeg",
    )
    .action(async (args: readonly string[], options: LaunchCommandOptions) => {
      const { launchCommand } = await import("../launch-command.js");
      endWith(await launchCommand(args, options));
    });
}
