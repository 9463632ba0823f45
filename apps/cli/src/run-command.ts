import { relative } from "node:path";
import { isSimclrError } from "@simclr/core";
import { connect } from "@simclr/distributed/node";
import { InterruptedError, loadConfig, type RunOptions, type RunOutcome, run } from "@simclr/pipeline";
import { stopOnSignals } from "@simclr/trainer/node";
import { dryRun } from "./dry-run.js";
import { accuracyTable, calibrationTable, probesTable } from "./tables.js";
import { terminalEvents } from "./terminal-events.js";

/** What of a run is done. */
export type RunPart = Pick<RunOptions, "until" | "trains">;

/** Options that `run`, its parts and `demo` share. */
export interface RunCommandOptions {
  readonly data?: string;
  readonly output?: string;
  readonly set: readonly string[];
  readonly fresh?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** As it was given: the configuration checks it. */
  readonly maxMinutes?: string;
}

/** `simclr run`, its parts, and `simclr demo`; started by a launcher, one of its ranks. */
export async function runCommand(file: string, options: RunCommandOptions, part: RunPart = {}): Promise<void> {
  const { data, output, fresh = false, json = false, maxMinutes } = options;
  const set = maxMinutes === undefined ? options.set : [...options.set, `maxMinutes=${maxMinutes}`];
  const config = await loadConfig(file, { set, ...(data && { data }), ...(output && { output }) });
  if (options.dryRun) return dryRun(config, { json, fresh, until: part.until });
  const communicator = connect();
  const stop = stopOnSignals(communicator.size > 1 ? ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] : undefined);
  try {
    const outcome = await run(config, { events: terminalEvents(), signal: stop.signal, fresh, communicator, ...part });
    if (communicator.rank === 0) print(outcome, json);
  } catch (error) {
    if (communicator.size === 1) throw error;
    // A rank that leaves by itself would wait for a collective of its own that is under way, and the others for it.
    if (!(error instanceof InterruptedError)) return communicator.abort(wordsOf(error));
    // A launcher takes any code but 0 for a failure of the whole; here the checkpoint is written.
    if (communicator.rank === 0) process.stderr.write(`${error.message}\n`);
  } finally {
    stop.dispose();
  }
  await communicator.close();
}

/** What a user can mend is said without the place in the code. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isSimclrError(error) ? error.message : (error.stack ?? error.message);
}

function print({ results, folder, report }: RunOutcome, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    return;
  }
  process.stdout.write(`\n${accuracyTable(results.accuracy)}\n`);
  if (results.probes.length > 0) process.stdout.write(`${probesTable(results.probes)}\n`);
  if (results.calibration.length > 0) process.stdout.write(`${calibrationTable(results.calibration)}\n`);
  process.stdout.write(`run:    ${relative(".", folder) || "."}\nreport: ${relative(".", report)}\n`);
}
