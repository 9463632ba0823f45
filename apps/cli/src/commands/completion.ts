import { Argument, type Command } from "commander";
import { completionScript, SHELLS, type Shell } from "../completion.js";

/** Declares `completion`. What it needs is loaded when it runs. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print what a shell loads to complete commands, options and files")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText("after", "\nExample:\n  simclr completion bash > ~/.local/share/bash-completion/completions/simclr")
    .action((shell: Shell) => void process.stdout.write(completionScript(program, shell)));
}
