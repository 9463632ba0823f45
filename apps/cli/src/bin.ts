#!/usr/bin/env node
import { ExitCode } from "./exit-code.js";
import { main } from "./index.js";

// Whoever read the results, such as `head`, has enough of them. What else goes wrong, such as a full disk, is said.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.Done);
  process.stderr.write(
    `error: the results could not be written: ${error.message}. Make room there, or send them elsewhere.\n`,
  );
  process.exit(ExitCode.Failed);
});
// A terminal that is gone takes nothing with it: the work goes on, and its log is in the run's folder.
process.stderr.on("error", () => {});

process.exitCode = await main(process.argv);
