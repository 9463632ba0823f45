import { mkdir } from "node:fs/promises";
import { writeFileAtomic } from "@simclr/trainer/node";
import { type PipelineEvents, silent } from "../events.js";
import { run } from "../run/run.js";
import { InterruptedError } from "../stages/interrupted-error.js";
import type { Sweep } from "./load-sweep.js";
import { resultFile, type SweepResult, sweepResult, sweepResults } from "./sweep-result.js";

export interface SweepOptions {
  readonly events?: PipelineEvents;
  /** Finish the step, write a checkpoint, throw InterruptedError. */
  readonly signal?: AbortSignal;
  /** Of the whole sweep; after it a checkpoint is written and InterruptedError thrown. @defaultValue none */
  readonly maxMinutes?: number;
}

/**
 * Runs every point that has no result yet, one after another. Stages that have the same inputs at several points, such as
 * pretraining where only what follows differs, are trained once. A sweep that was stopped goes on where it was, at the step.
 *
 * @returns The results of all points, in their order.
 * @throws What `run` throws, for the point that it names; results of earlier points are kept.
 */
export async function sweep(plan: Sweep, { events = silent, signal, maxMinutes }: SweepOptions = {}) {
  const started = Date.now();
  const results: SweepResult[] = [];
  await mkdir(plan.results, { recursive: true });
  // A result of another configuration is refused before anything runs.
  const known = await sweepResults(plan);
  for (const [i, point] of plan.points.entries()) {
    const place = `point ${i + 1} of ${plan.points.length}, ${point.name}`;
    let result = known[i];
    if (result === undefined) {
      events.line(place);
      const left = maxMinutes === undefined ? undefined : maxMinutes - (Date.now() - started) / 60_000;
      if (left !== undefined && left <= 0)
        throw new InterruptedError(`${place}: not begun, time is up; the same command goes on from there.`);
      const config = { ...point.config, ...(left !== undefined && { maxMinutes: left }) };
      const outcome = await run(config, { events, sharedStages: plan.stages, ...(signal && { signal }) });
      result = sweepResult(plan, point, outcome.results);
      await writeFileAtomic(resultFile(plan, point), `${JSON.stringify(result, null, 1)}\n`);
    } else events.line(`${place}: done before`);
    results.push(result);
  }
  return results;
}
