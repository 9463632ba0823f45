import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Curve } from "@simclr/report";
import type { StepReport } from "@simclr/trainer";
import { readEvaluations, readSteps } from "@simclr/trainer/node";
import type { Config } from "../config/schema.js";
import type { PretrainingLoss, StageStart } from "./report-record.js";

/** What the metrics of a step are called in the report. */
const CURVES: readonly { key: string; metric: string; unit?: string; best?: "highest"; stages: RegExp }[] = [
  { key: "loss", metric: "", stages: /^pretrain/ },
  { key: "contrastAccuracy", metric: "contrast accuracy", best: "highest", stages: /^pretrain/ },
  { key: "projectionDeviation", metric: "spread of the projections (near 0 is collapse)", stages: /^pretrain/ },
  { key: "loss", metric: "cross-entropy", unit: "nats", stages: /^(supervised|fine)/ },
  { key: "accuracy", metric: "training accuracy", best: "highest", stages: /^(supervised|fine)/ },
  { key: "loss", metric: "distillation loss", stages: /^distill/ },
  { key: "agreement", metric: "agreement with the teacher", best: "highest", stages: /^distill/ },
];

/** What measurements while training are called; those of plugins by the names that they give. */
const MEASURED: Readonly<Record<string, string>> = {
  knnAccuracy: "kNN accuracy while training",
  linearAccuracy: "linear probe's accuracy while training",
};

/** What a stage has measured so far: its curves, and how far it is. */
export interface StageCurves {
  readonly curves: readonly Curve[];
  /** Steps done. */
  readonly steps: number;
}

/** @param run - The run's folder. */
export async function curvesOf(
  run: string,
  { title, folder }: StageStart,
  loss: PretrainingLoss,
): Promise<StageCurves> {
  const file = join(run, folder, "metrics.jsonl");
  const reports = existsSync(file) ? await readSteps(file) : [];
  const measured = (key: string): boolean => key === "loss" || reports.every(({ metrics }) => key in metrics);
  const curves = CURVES.filter(({ key, stages }) => stages.test(title) && reports.length > 0 && measured(key)).map(
    ({ key, metric, unit, best }): Curve => {
      const points = reports.map((report) => ({ step: report.step, value: measuredBy(report, key) }));
      if (metric !== "") return { stage: title, metric, points, ...(unit && { unit }), ...(best && { best }) };
      const { chance } = loss;
      return {
        ...{ stage: title, metric: loss.metric, points },
        ...(loss.unit && { unit: loss.unit }),
        ...(chance !== undefined && { reference: { value: chance, label: "chance, ln(2N - 1)" } }),
      };
    },
  );
  const evaluations = await evaluationCurves(join(run, folder, "evaluations.jsonl"), title);
  return { curves: [...curves, ...evaluations], steps: (reports.at(-1)?.step ?? -1) + 1 };
}

/** A curve for each metric of the evaluations of a stage; none where it was not evaluated while it trained. */
async function evaluationCurves(file: string, stage: string): Promise<Curve[]> {
  const reports = existsSync(file) ? await readEvaluations(file) : [];
  const keys = new Set(reports.flatMap(({ metrics }) => Object.keys(metrics)));
  return [...keys].map((key) => {
    const points = reports.flatMap(({ step, metrics }) => {
      const value = metrics[key];
      return value === undefined ? [] : [{ step, value }];
    });
    const metric = MEASURED[key];
    return metric === undefined ? { stage, metric: key, points } : { stage, metric, points, best: "highest" };
  });
}

const measuredBy = ({ loss, metrics }: StepReport, key: string): number => (key === "loss" ? loss : metrics[key]!);

/** NT-Xent, of which unit and chance are known, or the name of the loss that stands in for it. */
export function pretrainingLoss({ method, pretrain }: Config): PretrainingLoss {
  const { loss, batchSize, effectiveBatch = batchSize } = pretrain;
  if (loss !== undefined) return { metric: `loss (${typeof loss === "string" ? loss : loss.name})` };
  if (method.name !== "simclr") return { metric: `loss (${method.name})` };
  return { metric: "NT-Xent loss", unit: "nats", chance: Math.log(2 * effectiveBatch - 1) };
}
