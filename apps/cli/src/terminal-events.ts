import type { PipelineEvents } from "@simclr/pipeline";
import pc from "picocolors";

/** News and progress, on the standard error. */
export function terminalEvents(): PipelineEvents {
  const { stderr } = process;
  const isTerminal = stderr.isTTY === true && stderr.columns > 0;
  const started = Date.now();
  const time = (): string => {
    const seconds = Math.floor((Date.now() - started) / 1000);
    return pc.dim(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`);
  };
  return {
    line: (text) => stderr.write(`${time()} ${text}\n`),
    progress: { write: (text) => stderr.write(text), isTerminal },
  };
}
