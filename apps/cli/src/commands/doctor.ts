import type { Command } from "commander";
import type { DoctorCommandOptions } from "../doctor-command.js";
import type { EndWith } from "./end-with.js";

/** Declares `doctor`. What it needs is loaded when it runs. */
export function addDoctor(program: Command, endWith: EndWith): void {
  program
    .command("doctor")
    .description("say what this machine has, which backends work and compute right, and what would help")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExit status: 0 if there is a fast backend; 1 if there is nothing but the slow cpu; 2 for wrong usage.\n\nExample:\n  simclr doctor",
    )
    .action(async (options: DoctorCommandOptions) => {
      const { doctorCommand } = await import("../doctor-command.js");
      endWith(await doctorCommand(options));
    });
}
