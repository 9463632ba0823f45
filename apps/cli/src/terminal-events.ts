import type { PipelineEvents } from "@simclr/pipeline";
import { errColors } from "./colors.js";

/** Whether lines of the standard error can be written over; some consoles say that they have no width, and cannot. */
export const isRewritable = (): boolean => process.stderr.isTTY === true && process.stderr.columns > 0;

/** News and progress, on the standard error. */
export function terminalEvents(): PipelineEvents {
  const { stderr } = process;
  const started = Date.now();
  const time = (): string => {
    const seconds = Math.floor((Date.now() - started) / 1000);
    return errColors.dim(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`);
  };
  return {
    line: (text) => stderr.write(`${time()} ${text}\n`),
    progress: { write: (text) => stderr.write(text), isTerminal: isRewritable(), columns: () => stderr.columns },
  };
}
