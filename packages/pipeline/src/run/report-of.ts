import { existsSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@simclr/core";
import { type AugmentedViews, type Confusion, type Curve, type Fact, writeReport } from "@simclr/report";
import { readSteps } from "@simclr/trainer/node";
import { stringify } from "yaml";
import { pretrainRecipe } from "../build.js";
import type { Config } from "../config/schema.js";
import { drawableImage } from "../drawable-image.js";
import type { RunImages } from "../images.js";
import type { Parts } from "../plugins/parts.js";
import { viewsOfImage } from "../preview-sheet.js";
import type { MeasuredRow, RunResults } from "../results.js";
import type { RunFolder } from "./run-folder.js";

/** Images on the sheet of augmented views, and views of each. */
const SHEET_IMAGES = 6;
const SHEET_VIEWS = 6;

/** Name of the report in the run's folder. */
export const REPORT = "report.html";

/** Writes `report.html` into the run's folder and gives its path. */
export async function reportOf(
  results: RunResults,
  rows: readonly MeasuredRow[],
  images: RunImages,
  config: Config,
  parts: Parts,
  folder: RunFolder,
  stageFolders: readonly StageFolder[],
): Promise<string> {
  const file = folder.stage(REPORT);
  const confused = confusionOf(rows, images);
  await writeReport(file, {
    title: config.name,
    createdAt: results.finishedAt,
    accuracy: results.accuracy,
    curves: (await Promise.all(stageFolders.map((stage) => curvesOf(stage, config)))).flat(),
    views: await viewsOf(images, config, parts),
    ...(results.calibration.length > 0 && { calibration: results.calibration }),
    ...(confused && { confusion: confused }),
    distillation: distillationFacts(results),
    facts: Object.entries(results.facts).map(([name, value]) => ({ name, value })),
    config: stringify(config),
    skipped: results.skipped,
  });
  return file;
}

/** Where a stage's metrics lie. */
export interface StageFolder {
  readonly title: string;
  readonly folder: string;
}

/** What the metrics of a step are called in the report. */
const CURVES: readonly { key: string; metric: string; unit?: string; stages: RegExp }[] = [
  { key: "loss", metric: "NT-Xent loss", unit: "nats", stages: /^pretrain/ },
  { key: "contrastAccuracy", metric: "contrast accuracy", stages: /^pretrain/ },
  { key: "projectionDeviation", metric: "spread of the projections (near 0 is collapse)", stages: /^pretrain/ },
  { key: "loss", metric: "cross-entropy", unit: "nats", stages: /^(supervised|fine)/ },
  { key: "accuracy", metric: "training accuracy", stages: /^(supervised|fine)/ },
  { key: "loss", metric: "distillation loss", stages: /^distill/ },
  { key: "agreement", metric: "agreement with the teacher", stages: /^distill/ },
];

async function curvesOf({ title, folder }: StageFolder, config: Config): Promise<Curve[]> {
  const file = join(folder, "metrics.jsonl");
  if (!existsSync(file)) return [];
  const reports = await readSteps(file);
  const measured = (key: string): boolean => key === "loss" || reports.every(({ metrics }) => key in metrics);
  return CURVES.filter(({ key, stages }) => stages.test(title) && measured(key)).map(({ key, metric, unit }) => {
    const points = reports.map(({ step, loss, metrics }) => ({ step, value: key === "loss" ? loss : metrics[key]! }));
    const { batchSize, effectiveBatch = batchSize } = config.pretrain;
    const other = metric.startsWith("NT-Xent") ? otherLoss(config) : undefined;
    const chance = metric.startsWith("NT-Xent") && other === undefined && Math.log(2 * effectiveBatch - 1);
    return {
      stage: title,
      metric: other === undefined ? metric : `loss (${other})`,
      points,
      ...(unit && other === undefined && { unit }),
      ...(chance && { reference: { value: chance, label: "chance, ln(2N - 1)" } }),
    };
  });
}

/** The loss of pretraining by name where it is not NT-Xent, of which unit and chance are known. */
function otherLoss({ method, pretrain: { loss } }: Config): string | undefined {
  if (loss !== undefined) return typeof loss === "string" ? loss : loss.name;
  return method.name === "simclr" ? undefined : method.name;
}

/** A few training images beside the views that pretraining draws of them. */
async function viewsOf({ unlabelled, train }: RunImages, config: Config, parts: Parts): Promise<AugmentedViews> {
  const random = Random.fromSeed(config.seed).fork("sheet");
  const { recipe } = pretrainRecipe(config, parts);
  const indices = random.permutation(unlabelled.size).slice(0, SHEET_IMAGES);
  const original = await Promise.all([...indices].map((index) => train.read(index)));
  const views = await Promise.all(
    original.map((image, i) => viewsOfImage(image, indices[i]!, recipe, random, SHEET_VIEWS)),
  );
  const { channels } = config.data;
  const drawn = [1, 3, 4].includes(channels) ? "" : `, drawn as the mean of their ${channels} channels`;
  return {
    original: original.map(drawableImage),
    views: views.map((row) => row.map(drawableImage)),
    caption: `Training images and the random views that pretraining sees of them${drawn}`,
  };
}

/** The confusion matrix of the best distilled student, else of the fine-tuned network. */
function confusionOf(rows: readonly MeasuredRow[], { test, classNames }: RunImages): Confusion | undefined {
  const trained = rows.filter(({ method }) => /^(distilled|fine-tuned)/.test(method));
  const [best] = trained.sort((a, b) => b.top1 - a.top1);
  if (best === undefined) return undefined;
  const matrix = classNames.map(() => classNames.map(() => 0));
  best.predictions.forEach((prediction, i) => {
    matrix[test.labels[i]!]![prediction]! += 1;
  });
  return { title: `${best.method}, ${best.labels} labels`, classNames, matrix };
}

function distillationFacts(results: RunResults): Fact[] {
  const percent = (value: number | undefined): string => (value === undefined ? "–" : `${(100 * value).toFixed(1)} %`);
  const compared = results.distillation.flatMap(({ name, labels, round, teacher, student, agreement, ...rest }) => {
    const who = `${name}${round > 1 ? `, round ${round}` : ""}, ${labels} labels`;
    const both = (kind: "labelled" | "unlabelled" | "test"): string =>
      `${percent(teacher[kind])} and ${percent(student[kind])}`;
    return [
      { name: `${who}: teacher and student right on labelled training images`, value: both("labelled") },
      { name: `${who}: teacher and student right on unlabelled training images`, value: both("unlabelled") },
      { name: `${who}: teacher and student right on test images`, value: both("test") },
      {
        name: `${who}: both agree on training and test images`,
        value: `${percent(agreement.training)} and ${percent(agreement.test)}`,
      },
      {
        name: `${who}: test images corrected and spoiled by the student`,
        value: `${percent(rest.corrected)} and ${percent(rest.spoiled)}`,
      },
    ];
  });
  const followed = results.stages
    .filter(({ stage }) => stage.startsWith("distilling"))
    .flatMap(({ stage, metrics }) => [
      {
        name: `${stage}: agreement with the teacher on training crops`,
        value: `${(100 * (metrics.agreement ?? 0)).toFixed(1)} %`,
      },
      { name: `${stage}: entropy of the teacher's answers`, value: `${(metrics.teacherEntropy ?? 0).toFixed(3)} nats` },
    ]);
  return [...compared, ...followed];
}
