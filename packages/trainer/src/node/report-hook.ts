import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { checkChoice, TrainingError } from "@simclr/core";
import { defineHook, type EpochReport, type EvaluationReport, type StepReport, type TrainerHook } from "../hooks.js";
import { syncFile } from "./drop-lines.js";

/** What a file of reports has a line for. */
export type ReportKind = "step" | "epoch" | "evaluation";

export type AnyReport = StepReport | EpochReport | EvaluationReport;

/** A file with one line a report. */
export interface ReportFile {
  readonly name: string;
  readonly file: string;
  readonly per: ReportKind;
  /** Drops the lines that `keeps` refuses, by their step, and one that was cut short. */
  open(keeps: (step: number) => boolean): Promise<void>;
  append(report: AnyReport): Promise<void>;
}

/**
 * Writes the reports of one kind to a file that holds each once, however often the run was resumed, and that is on disk
 * before a checkpoint whose hook comes later in the list. Only rank 0 writes.
 */
export function reportHook({ name, file, per, open, append }: ReportFile): TrainerHook {
  checkChoice(`${name}Hook`, { per }, ["step", "epoch", "evaluation"]);
  const appendIf = async (kind: ReportKind, rank: number, report: AnyReport): Promise<void> => {
    if (kind === per && rank === 0) await writing(file, () => append(report));
  };
  return defineHook({
    name,
    async trainStart({ communicator, startStep }) {
      if (communicator.rank !== 0) return;
      await writing(file, async () => {
        await mkdir(dirname(file), { recursive: true });
        // Steps count from 0, and an evaluation tells how many were made.
        await open((step) => (per === "evaluation" ? step <= startStep : step < startStep));
      });
    },
    stepEnd: ({ communicator }, report) => appendIf("step", communicator.rank, report),
    epochEnd: ({ communicator }, report) => appendIf("epoch", communicator.rank, report),
    evaluate: ({ communicator }, report) => appendIf("evaluation", communicator.rank, report),
    async checkpoint({ communicator }) {
      if (communicator.rank === 0) await writing(file, () => syncFile(file));
    },
  });
}

/** Says which file could not be written, and what helps. */
async function writing(file: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new TrainingError(
      `cannot write ${file}: ${(cause as Error).message}. Check free space and permissions of ${dirname(file)}.`,
      { subject: file, cause },
    );
  }
}
