import { type BackendName, useBackend } from "@simclr/backends";
import { csv, loadClassifier, type Predictions, predict } from "@simclr/pipeline";
import { withPlugins } from "./with-plugins.js";

export interface PredictCommandOptions {
  readonly plugin?: readonly string[];
  readonly skipBroken?: boolean;
  readonly backend: string;
  readonly json?: boolean;
}

/** `simclr predict MODEL IMAGES` */
export async function predictCommand(model: string, images: string, options: PredictCommandOptions): Promise<void> {
  const { backend, plugin, json = false, skipBroken = false } = options;
  const report = await useBackend(backend as BackendName | "auto");
  process.stderr.write(`backend: ${report.name} (${report.details})\n`);
  const classifier = await loadClassifier(model, withPlugins(plugin));
  process.stderr.write(`model: ${classifier.path}, ${classifier.network.classifier.classCount} classes\n`);
  try {
    const predictions = await predict({ classifier, images, onBroken: skipBroken ? "skip" : "error" });
    for (const line of predictions.skipped) process.stderr.write(`skipped ${line}\n`);
    process.stdout.write(json ? `${JSON.stringify(predictions, null, 2)}\n` : toCsv(predictions));
    process.stderr.write(`${summary(predictions)}\n`);
  } finally {
    classifier.network.dispose();
  }
}

/** Header, then a row for each image: the label, its probability, and the probability of every class. */
function toCsv({ classNames, images }: Predictions): string {
  const header = ["file", "label", "probability", ...classNames];
  const rows = images.map(({ file, label, probabilities }) => [
    file,
    label,
    ...[Math.max(...probabilities), ...probabilities].map((probability) => probability.toFixed(4)),
  ]);
  return csv([header, ...rows]);
}

export function summary({ images, classNames }: Predictions): string {
  const known = images.filter(({ truth }) => truth !== undefined && classNames.includes(truth));
  const right = known.filter(({ truth, label }) => truth === label).length;
  const count = `${images.length} images`;
  return known.length === 0
    ? count
    : `${count}; of ${known.length} whose class the data tells, ${((100 * right) / known.length).toFixed(1)} % are right`;
}
