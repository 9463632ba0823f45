import { CheckpointError, readWeights } from "@simclr/core";
import { ensembleLogits } from "@simclr/distill";
import type { ClassifierNetwork } from "@simclr/models";
import type { Config } from "../config/schema.js";
import { type LoadedClassifier, loadClassifier } from "../predict/load-classifier.js";
import { digestWeights } from "./digest-weights.js";
import { type Forward, logitsOf } from "./measure.js";
import type { Networks } from "./networks.js";

/** A classifier of another run that teaches beside the fine-tuned one. */
export interface OtherTeacher {
  readonly network: ClassifierNetwork;
  /** Of its weights. */
  readonly digest: string;
}

/**
 * Loads `distill.teachers`.
 *
 * @param networks - Own them then.
 * @param classNames - Of the run's images.
 * @throws CheckpointError, naming the path, for one with other classes, or for images of another size or other channels.
 */
export async function loadOtherTeachers(
  { distill, data, plugins }: Pick<Config, "distill" | "data" | "plugins">,
  classNames: readonly string[],
  networks: Networks,
): Promise<readonly OtherTeacher[]> {
  const loaded: OtherTeacher[] = [];
  for (const [i, path] of (distill?.teachers ?? []).entries()) {
    const given = path.endsWith(".safetensors") ? { plugins } : {}; // a checkpoint knows its own
    const teacher = await loadClassifier(path, given);
    const network = networks.own(teacher.network);
    loaded.push({ network, digest: digestWeights(await readWeights(network.weights)) });
    checkTeacher(teacher, `distill.teachers[${i}]`, classNames, data);
  }
  return loaded;
}

/** The logits of one network, or of several the logarithm of their mean distribution. */
export function answersOf(network: ClassifierNetwork, others: readonly ClassifierNetwork[]): Forward {
  return others.length === 0 ? logitsOf(network) : (images) => ensembleLogits([network, ...others], images);
}

function checkTeacher(
  { network, classNames: own, preprocessing, path }: LoadedClassifier,
  subject: string,
  classNames: readonly string[],
  { imageSize, channels }: Pick<Config["data"], "imageSize" | "channels">,
): void {
  const { classCount } = network.classifier;
  const isSame = own === undefined || classNames.every((name, i) => name === own[i]);
  const facts = [
    ["a number of classes of", classCount === classNames.length, classNames.length, classCount],
    ["the classes", isSame, shortened(classNames), shortened(own ?? [])],
    ["images of size", preprocessing.imageSize === imageSize, imageSize, preprocessing.imageSize],
    ["images with channels", network.encoder.input.channels === channels, channels, network.encoder.input.channels],
  ] as const;
  for (const [what, holds, expected, received] of facts)
    if (!holds)
      throw new CheckpointError(
        `${subject}: ${path} knows ${what} ${received}, where this run has ${expected}. Take a teacher that was trained on such images, with the same classes in the same order.`,
        { subject, expected: String(expected), received: String(received) },
      );
}

function shortened(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown}, … (${names.length})` : shown;
}
