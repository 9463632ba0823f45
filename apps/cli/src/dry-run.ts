import { existsSync } from "node:fs";
import { relative } from "node:path";
import { ConfigError, InvalidArgumentError } from "@simclr/core";
import { launcherOf } from "@simclr/distributed/node";
import { type Config, type Forecast, forecastRun, type RunStage } from "@simclr/pipeline";
import { stopOnSignals } from "@simclr/trainer/node";
import { duration } from "./duration.js";
import { forecastTable } from "./tables.js";
import { terminalEvents } from "./terminal-events.js";

interface DryRunOptions {
  readonly json: boolean;
  readonly fresh: boolean;
  readonly until: RunStage | undefined;
}

/** `simclr run --dry-run`: what would run, and what it would take. */
export async function dryRun(config: Config, { json, fresh, until }: DryRunOptions): Promise<void> {
  if (launcherOf(process.env) !== undefined)
    throw new InvalidArgumentError(
      "--dry-run tries the steps of one process. Give it to `simclr run`, without a launcher.",
      {
        subject: "--dry-run",
      },
    );
  if (fresh && existsSync(config.output!))
    throw new ConfigError(
      `--dry-run says what is done in ${config.output}, which --fresh would move aside. Leave --fresh out, or name another folder with --output.`,
      { subject: "--fresh" },
    );
  const stop = stopOnSignals();
  try {
    const forecast = await forecastRun(config, { events: terminalEvents(), signal: stop.signal, until });
    process.stdout.write(json ? `${JSON.stringify(forecast, null, 2)}\n` : describe(forecast));
  } finally {
    stop.dispose();
  }
}

function describe(forecast: Forecast): string {
  const { folder, backend, trainingImages, testImages, seconds, readingSeconds, measuringSeconds, memory } = forecast;
  const { peakBytes, plannedBytes, availableBytes } = memory;
  const planned = plannedBytes === null ? "" : ` (the plan: ${gigabytes(plannedBytes)})`;
  const lines = [
    `images:  ${trainingImages.toLocaleString("en")} to train on, ${testImages.toLocaleString("en")} to test on`,
    `backend: ${backend}`,
    `folder:  ${relative(".", folder) || "."}, not touched`,
    `time:    about ${duration(seconds)}, of which reading ${duration(readingSeconds)} and measuring ${duration(measuringSeconds)}; the report comes on top`,
    `memory:  ${gigabytes(peakBytes)} at most, as the stages were tried${planned}; ${gigabytes(availableBytes)} available`,
  ];
  return `\n${forecastTable(forecast)}\n${lines.join("\n")}\n`;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
