import { isSimclrError } from "@simclr/core";
import { errColors } from "./colors.js";
import { ExitCode } from "./exit-code.js";

/** The message for people: never a stack trace for what a user can mend. */
export function explain(error: unknown): string {
  if (isSimclrError(error)) return `${errColors.red("error:")} ${error.message}`;
  if (isInterrupted(error)) return (error as Error).message;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${errColors.red("error:")} this is a defect of simclr; please report it with these lines:\n${text}`;
}

export function exitCodeOf(error: unknown): number {
  if (isInterrupted(error)) return ExitCode.Interrupted;
  return isSimclrError(error) && (error.code === "config" || error.code === "invalid-argument")
    ? ExitCode.Usage
    : ExitCode.Failed;
}

const isInterrupted = (error: unknown): boolean => error instanceof Error && error.name === "InterruptedError";
