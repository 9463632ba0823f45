import { CommanderError } from "commander";
import { ExitCode } from "./exit-code.js";
import { simclrProgram } from "./program.js";

/**
 * The command `simclr`: parses, calls the pipeline, prints. Results go to the standard output, all else to the standard
 * error.
 *
 * @returns The exit status: 0 done, 1 failed (of \`data check\`, also: it found problems), 2 wrong usage or configuration, 130 interrupted (a checkpoint is written);
 * of `launch`, the launcher's: 0 also where its ranks stopped at a checkpoint.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let status: number = ExitCode.Done;
  const endWith = (code: number): void => {
    status = code;
  };
  try {
    await simclrProgram(endWith).parseAsync(argv);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
    const { exitCodeOf, explain } = await import("./exit.js");
    process.stderr.write(`${explain(error)}\n`);
    return exitCodeOf(error);
  }
}
