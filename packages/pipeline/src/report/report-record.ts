import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@simclr/core";
import type { ReportData, Thumbnails, ViewSheet } from "@simclr/report";

/** Name of the record in the run's folder. */
export const RECORD = "report.json";

/** A stage that has begun, and where its metrics grow. */
export interface StageStart {
  readonly title: string;
  /** From the run's folder. */
  readonly folder: string;
  readonly totalSteps: number;
}

/** How the loss of pretraining is called, and what it is where the network guesses. */
export interface PretrainingLoss {
  readonly metric: string;
  readonly unit?: string;
  readonly chance?: number;
}

/** Bytes as they stand in JSON. */
type Encoded<T, Key extends keyof T> = Omit<T, Key> & { readonly base64: string };

/**
 * `report.json` of a run: all that its report shows but what grows in the folders of its stages. The report can be made of
 * it at any time, without the images and without a network.
 */
export interface ReportRecord {
  readonly formatVersion: 1;
  readonly isFinished: boolean;
  readonly stages: readonly StageStart[];
  readonly pretrainingLoss: PretrainingLoss;
  readonly report: Omit<ReportData, "curves" | "config" | "status" | "thumbnails" | "views">;
  readonly thumbnails?: Encoded<Thumbnails, "file">;
  readonly views?: Encoded<ViewSheet, "png">;
}

/**
 * Reads the record of a run.
 *
 * @throws CheckpointError if there is none, it is damaged, or another version of simclr wrote it.
 */
export async function readRecord(folder: string): Promise<ReportRecord> {
  const file = join(folder, RECORD);
  let record: ReportRecord;
  try {
    record = JSON.parse(await readFile(file, "utf8")) as ReportRecord;
  } catch (cause) {
    throw new CheckpointError(
      `${folder} holds nothing to report on yet (${(cause as Error).message}). Give the folder of a run, such as runs/demo; a run writes ${RECORD} when its first stage begins.`,
      { subject: folder, expected: RECORD, cause },
    );
  }
  if (record?.formatVersion === 1) return record;
  const received = String(record?.formatVersion);
  throw new CheckpointError(
    `${file} must be of format 1, which this simclr reads; received ${received}. Use the simclr that wrote it.`,
    { subject: file, expected: "1", received },
  );
}

export const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
export const decoded = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
