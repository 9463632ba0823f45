import { checkInteger, Random } from "@simclr/core";
import { suggestLabels } from "@simclr/evaluate";
import type { TrainedModel } from "../predict/load-trained-model.js";
import { embed } from "./embed.js";

export interface SuggestOptions {
  readonly model: TrainedModel;
  /** Whatever `openDataset` takes; images with a label are taken for labelled already. */
  readonly images: string;
  /** How many, >= 1. @defaultValue 20 */
  readonly count?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
  /** A file of labels, as `openDataset` takes it. @defaultValue what the images say themselves */
  readonly labels?: string;
  /** @defaultValue "error" */
  readonly onBroken?: "error" | "skip";
}

/**
 * The images to label next, the most useful first: `suggestLabels` of `@simclr/evaluate` on their representations.
 *
 * @returns Names of images.
 * @throws DataError if there are no images or one is broken; InvalidArgumentError if fewer than `count` lack a label.
 */
export async function suggest(options: SuggestOptions): Promise<readonly string[]> {
  const { model, images, labels: file, count = 20, seed = 0, onBroken = "error" } = options;
  checkInteger("suggest", { count }, 1);
  const { files, labels, features, dimension } = await embed({
    ...{ model, images, onBroken },
    ...(file !== undefined && { labels: file }),
  });
  const labelled = [...labels.keys()].filter((row) => labels[row] !== undefined);
  const rows = await suggestLabels({ features, dimension, count, labelled, random: Random.fromSeed(seed) });
  return Array.from(rows, (row) => files[row]!);
}
