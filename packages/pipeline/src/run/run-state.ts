import type { Random } from "@simclr/core";
import type { CalibrationCheck } from "@simclr/report";
import type { RunImages } from "../images.js";
import { percent } from "../percent.js";
import type { RunReport } from "../report/run-report.js";
import type { DepthProbe, DistillationRecord, MeasuredRow, StageSummary } from "../results.js";
import type { Measured } from "../stages/measure.js";
import type { StageEnvironment } from "../stages/stage.js";
import type { RunFolder } from "./run-folder.js";

/** Where a run may end: with the encoder, with the networks fine-tuned and trained from scratch, or with the students. */
export type RunStage = "pretrain" | "finetune" | "distill";

/** What the stages of a run share, and what they found so far. */
export interface RunState extends StageEnvironment {
  readonly images: RunImages;
  readonly folder: RunFolder;
  readonly random: Random;
  readonly rows: MeasuredRow[];
  readonly probes: DepthProbe[];
  readonly distillation: DistillationRecord[];
  readonly stages: StageSummary[];
  readonly calibration: CalibrationCheck[];
  /** On the first rank. */
  readonly report: RunReport | undefined;
}

/** Adds a line to the final table, and says it. */
export function addRow(
  { rows, images, events }: RunState,
  method: string,
  { words: labels, count: labelCount }: { readonly words: string; readonly count: number },
  measured: Measured,
  isBaseline = false,
): void {
  rows.push({ method, labels, labelCount, testCount: images.test.size, isBaseline, ...measured });
  events.line(`${method}, ${labels} labels: ${percent(measured.top1)}`);
}
