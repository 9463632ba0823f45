import type { Command } from "commander";

/** Declares `backend`. What it needs is loaded when it runs. */
export function addBackend(program: Command): void {
  program
    .command("backend")
    .description("load a backend, check its arithmetic, and say what it runs on")
    .argument("[name]", "auto, onednn, webgpu, tensorflow or cpu", "auto")
    .addHelpText("after", "\nExample:\n  simclr backend onednn")
    .action(async (name: string) => {
      const { backendCommand } = await import("../backend-command.js");
      await backendCommand(name);
    });
}
