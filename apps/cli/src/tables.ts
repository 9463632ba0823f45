import type { Comparison, Forecast, ModelSummary, RunResults, SweepRow } from "@simclr/pipeline";
import Table from "cli-table3";
import { outColors } from "./colors.js";
import type { Diagnosis } from "./doctor-command.js";
import { duration } from "./duration.js";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const table = (head: string[], alignments: ("left" | "right")[]): Table.Table =>
  new Table({ head, colAligns: alignments, style: { head: [], border: [], compact: true } });

/** Methods in the order they were measured, one block for each label budget. */
export function accuracyTable(rows: RunResults["accuracy"]): string {
  const out = table(["labels", "method", "top-1", "against supervised"], ["left", "left", "right", "right"]);
  for (const labels of new Set(rows.map((row) => row.labels))) {
    const group = rows.filter((row) => row.labels === labels);
    const baseline = group.find(({ isBaseline }) => isBaseline);
    for (const [i, { method, top1 }] of group.entries()) {
      const gain = baseline && method !== baseline.method ? signed(100 * (top1 - baseline.top1)) : "";
      out.push([i === 0 ? outColors.bold(labels) : "", method, percent(top1), gain]);
    }
  }
  return out.toString();
}

/** Methods of several runs side by side; of repetitions also the mean and its 95 % interval. */
export function comparisonTable({ runs, rows, isRepeated }: Comparison): string {
  const heads = runs.map(({ name, seed }) => (isRepeated ? `seed ${seed}` : name));
  const mean = isRepeated ? ["mean, 95 % interval"] : [];
  const numbers = [...heads, ...mean];
  const out = table(["labels", "method", ...numbers], ["left", "left", ...numbers.map(() => "right" as const)]);
  for (const [i, { labels, method, top1, summary }] of rows.entries()) {
    const { low, high } = summary;
    const interval = low === undefined ? "" : ` (${(100 * low).toFixed(1)} to ${(100 * high!).toFixed(1)})`;
    const cells = top1.map((share) => (share === undefined ? "" : percent(share)));
    const first = i === 0 || rows[i - 1]!.labels !== labels;
    out.push([
      first ? outColors.bold(labels) : "",
      method,
      ...cells,
      ...mean.map(() => percent(summary.mean) + interval),
    ]);
  }
  return out.toString();
}

/** What kNN and a linear classifier find at each depth, one block for each set of labels. */
export function probesTable(probes: RunResults["probes"]): string {
  const out = table(["labels", "depth", "length", "kNN", "linear"], ["left", "left", "right", "right", "right"]);
  for (const [i, { labels, depth, dimension, knn, linear }] of probes.entries()) {
    const first = probes[i - 1]?.labels !== labels;
    out.push([first ? outColors.bold(labels) : "", depth, dimension, percent(knn), percent(linear)]);
  }
  return out.toString();
}

/** Points of a sweep, with the mean over their repetitions and its 95 % interval. */
export function sweepTable(rows: readonly SweepRow[]): string {
  const axes = Object.keys(rows[0]?.point ?? {});
  const out = table(
    [...axes, "labels", "method", "top-1", "95 % interval", "runs"],
    [...axes.map(() => "left" as const), "left", "left", "right", "right", "right"],
  );
  for (const { point, labels, method, top1, summary } of rows) {
    const { mean, low, high } = summary;
    const interval = low === undefined ? "" : `${(100 * low).toFixed(1)} to ${(100 * high!).toFixed(1)}`;
    out.push([...axes.map((axis) => point[axis]!), labels, method, percent(mean), interval, top1.length]);
  }
  return out.toString();
}

/** The stages of a run before it runs. */
export function forecastTable({ stages }: Forecast): string {
  const head = ["stage", "", "images", "batch", "steps left", "s/step", "time"];
  const out = table(head, ["left", "left", "right", "right", "right", "right", "right"]);
  for (const { stage, status, images, batchSize, steps, stepsLeft, secondsPerStep, seconds } of stages) {
    const left = stepsLeft === steps ? whole(steps) : `${whole(stepsLeft)} of ${whole(steps)}`;
    const pace = secondsPerStep === null ? "" : secondsPerStep.toFixed(secondsPerStep < 0.1 ? 4 : 2);
    out.push([stage, status, whole(images), batchSize, left, pace, status === "done" ? "" : duration(seconds)]);
  }
  return out.toString();
}

export function calibrationTable(rows: RunResults["calibration"]): string {
  const out = table(["how hard the data is", "", "expected", ""], ["left", "right", "left", "left"]);
  for (const { check, value, unit, limit, passed } of rows) {
    out.push([
      check,
      `${value.toFixed(1)}${unit ? ` ${unit}` : ""}`,
      limit,
      passed ? outColors.green("yes") : outColors.red("no"),
    ]);
  }
  return out.toString();
}

/** What is there, what works, and what would help. */
export function doctorTables({ system, backends, auto, launchers }: Diagnosis): string {
  const lines = [
    ...Object.entries(system).map(([name, value]) => `${name}: ${value}`),
    "",
    ...backends.flatMap(({ name, isUsable, details, facts }) => [
      `${isUsable ? outColors.green("yes") : outColors.red("no ")} ${outColors.bold(name)}: ${details}`,
      ...Object.entries(facts).map(([fact, words]) => `      ${fact}: ${words}`),
    ]),
    "",
    auto.isUsable
      ? `\`backend: auto\` takes ${outColors.bold(auto.name)}`
      : `\`backend: auto\` finds nothing: ${auto.details}`,
    ...Object.entries(launchers).map(
      ([family, line]) => `${family}: ${line ?? "not installed (needed for several ranks only)"}`,
    ),
  ];
  return lines.join("\n");
}

const whole = (count: number): string => count.toLocaleString("en");
const giga = (count: number): string => (count / 1e9).toFixed(2);

/** What each stage of an encoder gives, holds and takes. */
export function stageTable({ stages }: ModelSummary): string {
  const head = ["stage", "blocks", "output", "parameters", "GFLOPs an image"];
  const out = table(head, ["left", "right", "right", "right", "right"]);
  for (const { name, blocks, output, trainableParameters, flopsPerImage } of stages)
    out.push([name, blocks || "", output.join(" x "), whole(trainableParameters), giga(flopsPerImage)]);
  return out.toString();
}

/** An encoder as a whole, and the memory of pretraining it. */
export function modelTable(summary: ModelSummary): string {
  const { layers, trainableParameters, statistics, featureDimension, flopsPerImage, batchSize, memory } = summary;
  const out = table(["", ""], ["left", "right"]);
  const { encoder, head, classifier } = trainableParameters;
  out.push(["convolutions, batch norms", `${layers.convolutions}, ${layers.batchNorms}`]);
  out.push(["trainable parameters: encoder", whole(encoder)]);
  out.push(["  projection head, 3 layers to 128", whole(head)]);
  out.push(["  classifier, 1000 classes", whole(classifier)]);
  out.push(["moving statistics", whole(statistics)]);
  out.push(["feature dimension", whole(featureDimension)]);
  out.push(["GFLOPs an image", giga(flopsPerImage)]);
  const words = { none: "", block: ", checkpointing by block", group: ", checkpointing by group" };
  for (const kind of ["none", "block", "group"] as const)
    out.push([`GB to pretrain, batch ${batchSize}${words[kind]}`, giga(memory[kind].total)]);
  return out.toString();
}

const signed = (points: number): string => `${points >= 0 ? "+" : "−"}${Math.abs(points).toFixed(1)}`;
