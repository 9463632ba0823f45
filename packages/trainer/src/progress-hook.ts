import { checkPositive } from "@simclr/core";
import { defineHook, type StepReport, type TrainerHook, type TrainingRun } from "./hooks.js";

export interface ProgressHookOptions {
  /** Receives the text; nothing is printed otherwise. In Node: `(text) => process.stderr.write(text)`. */
  readonly write: (text: string) => void;
  /** Whether `write` ends in a terminal: one line, rewritten; otherwise plain lines. @defaultValue false */
  readonly isTerminal?: boolean;
  /** Seconds between two plain lines. In a terminal the line is rewritten up to four times a second. @defaultValue 10 */
  readonly everySeconds?: number;
  /** Width of the terminal, so that the line never wraps; 0 for not known. @defaultValue () => 80 */
  readonly columns?: () => number;
  /** Metrics to show where a step has them, with a label; fractions in [0, 1], shown as percentages. */
  readonly fractions?: Readonly<Record<string, string>>;
  /** What guessing gives of these metrics, in [0, 1]; shown beside them. @defaultValue nothing */
  readonly chance?: Readonly<Record<string, number>>;
}

const TERMINAL_SECONDS = 0.25;
/** Weight of the newest step in the mean duration of a step, which gives the remaining time. */
const SMOOTHING = 0.1;
const FRACTIONS: Readonly<Record<string, string>> = { contrastAccuracy: "contrast", accuracy: "accuracy" };
const REWRITE = "\r\u001b[2K";

/**
 * Says how the run is doing, in one calm line: step, epoch, loss, accuracy, images a second, share of time spent waiting
 * for data, and the time that remains.
 */
export function progressHook(options: ProgressHookOptions): TrainerHook {
  const {
    write,
    isTerminal = false,
    everySeconds = 10,
    columns = () => 80,
    fractions = FRACTIONS,
    chance = {},
  } = options;
  checkPositive("progressHook", { everySeconds });
  const intervalMs = 1000 * (isTerminal ? Math.min(TERMINAL_SECONDS, everySeconds) : everySeconds);
  let lastStepMs = 0;
  let lastLineMs = Number.NEGATIVE_INFINITY;
  let meanStepMs: number | undefined;

  const show = (line: string, last: boolean): void => {
    const width = columns();
    if (isTerminal) write(`${REWRITE}${width > 0 ? line.slice(0, width - 1) : line}${last ? "\n" : ""}`);
    else write(`${line}\n`);
  };
  return defineHook({
    name: "progress",
    trainStart(run) {
      lastStepMs = performance.now();
      lastLineMs = Number.NEGATIVE_INFINITY;
      meanStepMs = undefined;
      if (run.startStep > 0) write(`${run.task.name}: resumed after step ${run.startStep} of ${run.totalSteps}\n`);
    },
    stepEnd(run, report) {
      const now = performance.now();
      const duration = now - lastStepMs; // hooks included, unlike report.stepMs
      lastStepMs = now;
      // The first step compiles and allocates; it stands for no other.
      const isFirst = run.step === run.startStep + 1;
      if (!isFirst) meanStepMs = meanStepMs === undefined ? duration : meanStepMs + SMOOTHING * (duration - meanStepMs);
      const isLast = run.step === run.totalSteps;
      if (now - lastLineMs < intervalMs && !isLast) return;
      lastLineMs = now;
      show(lineOf(run, report, meanStepMs ?? duration, { fractions, chance }), isLast);
    },
    interrupted({ task, totalSteps }, { step, reason }) {
      write(`${isTerminal ? "\n" : ""}${task.name}: stopped after step ${step} of ${totalSteps} (${reason})\n`);
    },
    error() {
      if (isTerminal) write("\n");
    },
  });
}

function lineOf(
  run: TrainingRun,
  report: StepReport,
  meanStepMs: number,
  { fractions, chance }: Required<Pick<ProgressHookOptions, "fractions" | "chance">>,
): string {
  const { epoch, loss, metrics, imagesPerSecond, dataWaitMs, stepMs } = report;
  const shown = Object.entries(fractions).flatMap(([metric, label]) => {
    const value = metrics[metric];
    const guessed = chance[metric] === undefined ? "" : ` (chance ${percent(chance[metric])})`;
    return value === undefined ? [] : [`${label} ${percent(value)}${guessed}`];
  });
  const parts = [
    `${run.task.name} ${run.step}/${run.totalSteps}`,
    `epoch ${epoch + 1}`,
    `loss ${loss.toPrecision(4)}`,
    ...shown,
    ...(imagesPerSecond > 0
      ? [`${imagesPerSecond < 10 ? imagesPerSecond.toFixed(1) : Math.round(imagesPerSecond)} images/s`]
      : []),
    `data ${percent(dataWaitMs / Math.max(dataWaitMs + stepMs, Number.MIN_VALUE))}`,
    `${duration((meanStepMs * (run.totalSteps - run.step)) / 1000)} left`,
  ];
  return parts.join("  ");
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}%`;

/** `9s`, `3m20s`, `2h05m`. */
function duration(seconds: number): string {
  const total = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (total < 60) return `${total}s`;
  if (total < 3600) return `${Math.floor(total / 60)}m${pad(total % 60)}s`;
  return `${Math.floor(total / 3600)}h${pad(Math.floor((total % 3600) / 60))}m`;
}
