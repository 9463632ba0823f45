import type { Random } from "@simclr/core";
import { subset } from "@simclr/data";
import { suggestLabels } from "@simclr/evaluate";
import { testRecipe } from "../build.js";
import type { Config, LabelBudget } from "../config/schema.js";
import type { RunImages } from "../images.js";
import { applyBudget, type LabelledSubset, type Suggest, waitsForEncoder } from "../stages/label-budget.js";
import { featuresOf, representation } from "../stages/measure.js";
import type { Pretrained } from "../stages/pretrain.js";
import { recall, remember } from "./remember.js";
import { fingerprint } from "./run-folder.js";
import type { RunState } from "./run-state.js";

/** The budgets that are drawn before anything is trained, so that one that cannot be is refused in time. */
export type DrawnBudgets = ReadonlyMap<LabelBudget, LabelledSubset>;

/**
 * Draws every budget. One that the encoder chooses is tried with a random choice, and left out.
 *
 * @throws DataError as `applyBudget`.
 */
export async function drawBudgets(config: Config, images: RunImages, random: Random): Promise<DrawnBudgets> {
  const drawn = new Map<LabelBudget, LabelledSubset>();
  for (const budget of config.labels) {
    const labelled = await applyBudget(images.train, budget, random);
    if (!waitsForEncoder(budget)) drawn.set(budget, labelled);
  }
  return drawn;
}

/** All budgets in the order of the configuration, those that the encoder chooses too. Collective. */
export async function completeBudgets(
  state: RunState,
  pretrained: Pretrained,
  drawn: DrawnBudgets,
): Promise<LabelledSubset[]> {
  const { config, images, random, events } = state;
  const all: LabelledSubset[] = [];
  for (const budget of config.labels) {
    const labelled =
      drawn.get(budget) ?? (await applyBudget(images.train, budget, random, suggestWith(state, pretrained)));
    const missing = images.classNames.filter((_, label) => !labelled.dataset.labels.includes(label));
    if (missing.length > 0)
      events.line(
        `warning: among ${labelled.words} labels there is none of ${missing.join(", ")}: it cannot be learnt`,
      );
    all.push(labelled);
  }
  return all;
}

/** A rehearsal, whose encoder is not trained, takes what is known, or the first images. */
function suggestWith(state: RunState, { encoder, inputs }: Pretrained): Suggest {
  const { config, images, random, folder, communicator, rehearsal } = state;
  return async (count, candidates) => {
    const key = fingerprint([inputs, images.train.fingerprint, count, config.seed, config.data.imageSize]);
    const file = folder.stage("measured", `suggested-${key}.json`);
    if (rehearsal !== undefined)
      return Int32Array.from((await recall<number[]>(file, key))?.value ?? candidates.subarray(0, count));
    const { batchSize } = config.evaluate;
    const chosen = await remember(
      {
        ...{ file, inputs: key },
        rows: () =>
          featuresOf(
            subset(images.train, candidates),
            testRecipe(config),
            batchSize,
            representation(encoder),
            communicator,
          ),
        measure: async ({ values: features, dimension }) => {
          const options = { features, dimension, count, random: random.fork("suggested labels") };
          return Array.from(await suggestLabels(options), (row) => candidates[row]!);
        },
      },
      communicator,
    );
    const indices = Float32Array.from(chosen ?? { length: count }); // whole numbers, below 2^24 they are exact
    await communicator.broadcast(indices, 0);
    return Int32Array.from(indices);
  };
}
