import type { AccuracyRow, CalibrationCheck, Reliability } from "@simclr/report";

/** One line of the final table, and what it was computed from. */
export interface MeasuredRow extends AccuracyRow {
  /** Classes predicted for the test images, in order. */
  readonly predictions: readonly number[];
  /** Labels that it saw. */
  readonly labelCount: number;
  /** Of a network: the probability that it gives each prediction, in (0, 1]. */
  readonly confidences?: readonly number[];
  /** Of a network: how often it is right, by how sure it is. */
  readonly reliability?: Omit<Reliability, "title">;
}

/** The rows of the final table, each beside the baseline with the same labels. @param truth - Classes of the test images. */
export function accuracyRows(rows: readonly MeasuredRow[], truth: ArrayLike<number>): AccuracyRow[] {
  return rows.map((row): AccuracyRow => {
    const { method, labels, top1, testCount, protocol, isBaseline = false, predictions } = row;
    const shown = { method, labels, top1, testCount, protocol, isBaseline };
    const baseline = rows.find((other) => other.isBaseline && other.labels === labels);
    if (baseline === undefined || isBaseline) return shown;
    let [gained, lost] = [0, 0];
    for (const [i, prediction] of predictions.entries()) {
      const [isRight, wasRight] = [prediction === truth[i], baseline.predictions[i] === truth[i]];
      if (isRight && !wasRight) gained += 1;
      if (wasRight && !isRight) lost += 1;
    }
    return { ...shown, againstBaseline: { gained, lost } };
  });
}

/** What a trained stage leaves behind, beside its checkpoint. */
export interface StageSummary {
  readonly stage: string;
  /** The stage's folder, with its checkpoints and metrics. */
  readonly folder: string;
  readonly steps: number;
  /** Time in training steps, summed over all sittings. */
  readonly seconds: number;
  /** Share of that time in collectives, waiting for other ranks included; absent for one rank. */
  readonly communication?: number;
  readonly finalLoss: number;
  /** Means over the last epoch. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** How often something is right, in [0, 1]; undefined where no image is of the kind, or its class is not known. */
export interface Shares {
  readonly labelled: number | undefined;
  readonly unlabelled: number | undefined;
  readonly test: number;
}

/** A student beside the teacher of its round. Training images: at most 5,000, drawn once, at the test-time crop. */
export interface DistillationRecord {
  /** Its name in the configuration. */
  readonly name: string;
  /** For people: "100 (10 a class)". */
  readonly labels: string;
  /** From 1; from the second on, the teacher is the student of the round before. */
  readonly round: number;
  readonly teacher: Shares;
  readonly student: Shares;
  readonly agreement: { readonly training: number; readonly test: number };
  /** Share of test images that the student has right and the teacher wrong. */
  readonly corrected: number;
  /** Share of test images that the student has wrong and the teacher right. */
  readonly spoiled: number;
}

/** How much a linear classifier and kNN find at one depth of the pretrained network. */
export interface DepthProbe {
  /** An endpoint of the encoder, `h`, or `head layer 1` and so on. */
  readonly depth: string;
  /** Length of the features; maps are averaged over their places. */
  readonly dimension: number;
  /** For people: "100 (10 a class)". */
  readonly labels: string;
  /** Top-1 on the test images, in [0, 1]. */
  readonly knn: number;
  readonly linear: number;
  readonly protocol: string;
}

/** Which plugin a run was made with. */
export interface PluginRecord {
  readonly name: string;
  /** Of its package; a file of its own has none. */
  readonly version?: string;
  /** Of the file. */
  readonly sha256: string;
  readonly file: string;
}

/** `results.json` of a run. */
export interface RunResults {
  readonly formatVersion: 1;
  readonly name: string;
  readonly seed: number;
  readonly finishedAt: string;
  readonly accuracy: readonly AccuracyRow[];
  readonly calibration: readonly CalibrationCheck[];
  readonly stages: readonly StageSummary[];
  /** At every depth and with every set of labels; only with `evaluate.depths`. */
  readonly probes: readonly DepthProbe[];
  /** One for each student, label budget and round. */
  readonly distillation: readonly DistillationRecord[];
  readonly facts: Readonly<Record<string, string>>;
  /** In the order of the config. */
  readonly plugins: readonly PluginRecord[];
  /** Images left out because they are broken; only with `data.onBroken: skip`. */
  readonly skipped: readonly string[];
}
