import { type Augmentation, augment } from "@simclr/augment";
import { checkAugmentation } from "@simclr/augment/testing";
import { ConfigError, Random } from "@simclr/core";
import { checkLoss } from "@simclr/losses/testing";
import { checkMethod } from "@simclr/methods/testing";
import * as tf from "@tensorflow/tfjs-core";
import type { Config } from "../config/schema.js";
import type { BuiltLoss } from "./build-loss.js";
import type { ChosenMethod } from "./build-method.js";
import type { BuiltRecipe } from "./build-recipe.js";
import type { LoadedPlugin } from "./load-plugins.js";
import type { Parts } from "./parts.js";

/** Kernels that work on a batch as a whole may round otherwise where it is split. */
const SPLIT_TOLERANCE = 1e-5;

/** Rows and columns of the projections that a loss is tried on. */
const TRIAL_SHAPE: [number, number] = [8, 16];

/**
 * Tries what a configuration's plugins add, with the options it gives, on the backend that will run it and on images of
 * its size, before anything is trained; and the whole recipe once.
 *
 * @throws ConfigError naming the plugin, what it did and what it should do.
 */
export async function checkParts(
  config: Config,
  { recipe, fromPlugins }: BuiltRecipe,
  loss: BuiltLoss | undefined,
  { method, options, fromPlugin }: ChosenMethod,
  parts: Parts,
) {
  const { imageSize, channels } = config.data;
  for (const augmentation of fromPlugins)
    await ofPlugin(parts.pluginOf("augmentation", augmentation.name), () =>
      checkAugmentation(augmentation, {
        imageShape: [imageSize, imageSize, channels],
        seeds: [config.seed],
        atol: SPLIT_TOLERANCE,
      }),
    );
  if (loss !== undefined)
    await ofPlugin(loss.fromPlugin, () =>
      checkLoss(loss.loss, {
        inputs: (random) => [normal(random), normal(random)],
        differentiable: [0, 1],
        only: ["value", "memory"],
      }),
    );
  if (fromPlugin !== undefined)
    await ofPlugin(fromPlugin, () => checkMethod(method, { options, channels, seed: config.seed }));
  tryRecipe(recipe, config);
}

/** Runs a check; what it throws names the plugin, or the configuration where it is none. */
export async function ofPlugin<T>(plugin: LoadedPlugin | undefined, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (cause) {
    const owner = plugin === undefined ? "pretrain.loss" : `plugins: ${plugin.name} (${plugin.file})`;
    throw new ConfigError(`${owner}: ${(cause as Error).message}`, { subject: owner, cause });
  }
}

const normal = (random: Random): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: TRIAL_SHAPE[0] * TRIAL_SHAPE[1] }, () => random.normal()),
    TRIAL_SHAPE,
  );

/** Two grey images through the recipe: a step that needs RGB, or a square, says so now. */
function tryRecipe(recipe: readonly Augmentation[], { data, seed }: Config): void {
  const keys = { random: Random.fromSeed(seed).fork("trial"), epoch: 0, step: 0, view: 0, indices: [0, 1] };
  const { imageSize, channels } = data;
  const place = "pretrain.augmentation";
  tf.tidy(() => {
    const images = tf.fill<tf.Rank.R4>([2, imageSize, imageSize, channels], 0.5);
    let shape: readonly number[];
    try {
      shape = augment(images, recipe, keys).shape;
    } catch (cause) {
      throw new ConfigError(
        `${place}: the recipe cannot take images of ${channels} channels and ${imageSize} pixels: ${(cause as Error).message}`,
        { subject: place, cause },
      );
    }
    if (shape[3] === channels && shape[1] === shape[2]) return;
    const received = shape.slice(1).join(", ");
    throw new ConfigError(
      `${place}: the recipe must keep squares of ${channels} channels (\`data.channels\`); it gives [${received}]. Correct its steps.`,
      { subject: place, expected: `[S, S, ${channels}]`, received: `[${received}]` },
    );
  });
}
