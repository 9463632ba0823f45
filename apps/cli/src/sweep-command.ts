import { relative } from "node:path";
import { InvalidArgumentError } from "@simclr/core";
import { loadSweep, type Sweep, type SweepResult, summarizeSweep, sweep, sweepResults } from "@simclr/pipeline";
import { stopOnSignals } from "@simclr/trainer/node";
import { sweepTable } from "./tables.js";
import { terminalEvents } from "./terminal-events.js";

export interface SweepCommandOptions {
  readonly data?: string;
  readonly output?: string;
  readonly set: readonly string[];
  readonly maxMinutes?: string;
  readonly dryRun?: boolean;
  readonly table?: boolean;
  readonly json?: boolean;
}

/** `simclr sweep FILE` */
export async function sweepCommand(file: string, options: SweepCommandOptions): Promise<void> {
  const { data, output, set, dryRun = false, table = false, json = false } = options;
  const maxMinutes = minutesOf(options);
  const plan = await loadSweep(file, { set, ...(data && { data }), ...(output && { output }) });
  if (dryRun) return list(plan, json);
  const results = table
    ? (await sweepResults(plan)).filter((one) => one !== undefined)
    : await runAll(plan, maxMinutes);
  print(plan, results, json);
}

function minutesOf({ maxMinutes }: SweepCommandOptions): number | undefined {
  if (maxMinutes === undefined) return undefined;
  const minutes = Number(maxMinutes);
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError(
    `--max-minutes must be a number above 0; received ${maxMinutes}. Give the minutes that the sweep may take, such as 60.`,
    { subject: "--max-minutes", expected: "> 0", received: maxMinutes },
  );
}

async function runAll(plan: Sweep, maxMinutes: number | undefined): Promise<SweepResult[]> {
  const stop = stopOnSignals();
  try {
    const events = terminalEvents();
    return await sweep(plan, { events, signal: stop.signal, ...(maxMinutes !== undefined && { maxMinutes }) });
  } finally {
    stop.dispose();
  }
}

async function list(plan: Sweep, json: boolean): Promise<void> {
  const results = await sweepResults(plan);
  const points = plan.points.map(({ name, values }, i) => ({ name, point: values, isDone: results[i] !== undefined }));
  if (json) process.stdout.write(`${JSON.stringify(points, null, 2)}\n`);
  else for (const { name, isDone } of points) process.stdout.write(`${isDone ? "done " : "to do"} ${name}\n`);
}

function print(plan: Sweep, results: readonly SweepResult[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    return;
  }
  process.stdout.write(`\n${sweepTable(summarizeSweep(results, plan.repeat))}\n`);
  process.stdout.write(`${results.length} of ${plan.points.length} points; results: ${relative(".", plan.results)}\n`);
}
