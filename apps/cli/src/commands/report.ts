import type { Command } from "commander";
import type { ReportCommandOptions } from "../report-command.js";

/** Declares `report`. What it needs is loaded when it runs. */
export function addReport(program: Command): void {
  program
    .command("report")
    .description("make the report of a run again, of what it has found so far; also of one that trains or was stopped")
    .argument("<run>", "folder of a run")
    .option("-o, --output <file>", "HTML file (default: report.html in the run's folder)")
    .addHelpText("after", "\nExample:\n  simclr report runs/demo -o demo.html")
    .action(async (run: string, options: ReportCommandOptions) => {
      const { reportCommand } = await import("../report-command.js");
      await reportCommand(run, options);
    });
}
