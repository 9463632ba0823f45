import type { StepReport } from "@simclr/trainer";
import { percent } from "../percent.js";
import type { StageSummary } from "../results.js";

/** What a stage that has ended leaves: its length, and means over its last epoch. */
export function summarize(
  stage: string,
  folder: string,
  reports: readonly StepReport[],
  stepsPerEpoch: number,
): StageSummary {
  const last = reports.slice(-stepsPerEpoch);
  const mean = (value: (report: StepReport) => number): number =>
    last.reduce((sum, report) => sum + value(report), 0) / last.length;
  const keys = Object.keys(last[0]?.metrics ?? {}).filter((key) => last.every(({ metrics }) => key in metrics));
  const seconds = reports.reduce((sum, { stepMs, dataWaitMs }) => sum + stepMs + dataWaitMs, 0) / 1000;
  const waited = reports.reduce((sum, { communicationMs = 0 }) => sum + communicationMs, 0) / 1000;
  return {
    stage,
    folder,
    steps: reports.length,
    seconds,
    ...(waited > 0 && { communication: waited / seconds }),
    finalLoss: mean(({ loss }) => loss),
    metrics: Object.fromEntries(keys.map((key) => [key, mean(({ metrics }) => metrics[key]!)])),
  };
}

const METRICS: Readonly<Record<string, string>> = { contrastAccuracy: "contrast accuracy", accuracy: "accuracy" };

/** The end of a stage in a line, for people. */
export function summaryWords(
  { steps, seconds, finalLoss, metrics, communication }: StageSummary,
  reports: readonly StepReport[],
  chance: Readonly<Record<string, number>>,
): string {
  const waited = reports.reduce((sum, { dataWaitMs }) => sum + dataWaitMs, 0) / 1000 / seconds;
  const known = Object.entries(METRICS).flatMap(([key, name]) => {
    const value = metrics[key];
    const guessed = chance[key] === undefined ? "" : ` (chance ${percent(chance[key])})`;
    return value === undefined ? [] : [`${name} ${percent(value)}${guessed}`];
  });
  const parts = [
    `${steps} steps in ${duration(seconds)}`,
    `loss ${finalLoss.toPrecision(4)}`,
    ...known,
    `${percent(waited)} of the time waiting for data`,
    ...(communication === undefined ? [] : [`${percent(communication)} in collectives`]),
  ];
  return parts.join(", ");
}

const duration = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
