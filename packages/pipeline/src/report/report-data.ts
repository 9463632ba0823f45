import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ReportData, writeReport } from "@simclr/report";
import { CONFIG } from "../run/run-folder.js";
import { curvesOf } from "./curves.js";
import { decoded, type ReportRecord, readRecord } from "./report-record.js";

/** Name of the report in the run's folder. */
export const REPORT = "report.html";

/**
 * What the report of a run shows at this moment, read from the run's folder; also of a run that trains, or was stopped.
 *
 * @throws CheckpointError if the folder holds no run, or one that another version of simclr wrote.
 */
export async function reportData(folder: string): Promise<ReportData> {
  const record = await readRecord(folder);
  const { report, stages, thumbnails, views, pretrainingLoss } = record;
  const followed = await Promise.all(stages.map((stage) => curvesOf(folder, stage, pretrainingLoss)));
  const status = statusOf(record, followed.at(-1)?.steps ?? 0);
  return {
    ...report,
    ...(status !== undefined && { status }),
    curves: followed.flatMap(({ curves }) => curves),
    config: await readFile(join(folder, CONFIG), "utf8"),
    ...(thumbnails && { thumbnails: { ...thumbnails, file: decoded(thumbnails.base64) } }),
    ...(views && { views: { ...views, png: decoded(views.base64) } }),
  };
}

/**
 * Makes the report of a run again, of what its folder holds now.
 *
 * @param file - Where to. @defaultValue `report.html` in the run's folder
 * @returns The HTML file.
 * @throws CheckpointError as `reportData`; InvalidArgumentError if the file cannot be written.
 */
export async function writeRunReport(folder: string, file = join(folder, REPORT)): Promise<string> {
  await writeReport(file, await reportData(folder));
  return file;
}

function statusOf({ isFinished, stages }: ReportRecord, steps: number): string | undefined {
  const stage = stages.at(-1);
  if (isFinished) return undefined;
  if (stage === undefined) return "This run has not ended: no stage has begun.";
  const { title, totalSteps } = stage;
  const where =
    steps >= totalSteps
      ? `after ${title}, which is done`
      : `in ${title}, at step ${steps.toLocaleString("en")} of ${totalSteps.toLocaleString("en")}`;
  return `This run has not ended; it is ${where}. What follows is what it has found so far.`;
}
