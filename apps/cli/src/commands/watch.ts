import { type Command, Option } from "commander";
import type { WatchCommandOptions } from "../watch-command.js";

/** Declares `watch`. What it needs is loaded when it runs. */
export function addWatch(program: Command): void {
  program
    .command("watch")
    .description("serve the report of a run on this machine while it trains; the page follows the run until Ctrl-C")
    .argument("<run>", "folder of a run; it may begin later")
    .addOption(new Option("--port <n>", "of 127.0.0.1 (default: a free one)").argParser(Number))
    .addHelpText("after", "\nExample:\n  simclr watch runs/demo")
    .action(async (run: string, options: WatchCommandOptions) => {
      const { watchCommand } = await import("../watch-command.js");
      await watchCommand(run, options);
    });
}
