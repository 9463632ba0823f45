import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { useBackend } from "@simclr/backends";
import { checkInteger, Random } from "@simclr/core";
import { cacheDecoded, subset } from "@simclr/data";
import { previewPage } from "@simclr/report";
import { pretrainRecipe } from "./build.js";
import { parseConfig } from "./config/load.js";
import type { Config } from "./config/schema.js";
import { openPart } from "./images.js";
import { openParts } from "./plugins/parts.js";
import { type PreviewSheet, previewSheet } from "./preview-sheet.js";

export interface PreviewAugmentationOptions {
  /** Images at most, drawn at random from the training images, >= 1. @defaultValue 6 */
  readonly rows?: number;
  /** Views of each, >= 1. @defaultValue 6 */
  readonly views?: number;
}

/** Training images beside the random views that pretraining would see of them. */
export interface AugmentationPreview extends PreviewSheet {
  /** Names of the images, row by row. */
  readonly names: readonly string[];
  /** The augmentations, in their order. */
  readonly recipe: readonly string[];
}

/** Endings of files that `writePreview` writes. */
export const PREVIEW_FORMATS = [".html", ".png"] as const;

/** For images without a configuration of their own. */
const PREVIEW = { name: "preview", imageSize: 96, recipe: "simclr-v2" };

/**
 * The configuration by which images are previewed that have none: SimCLRv2's recipe, views of 96 pixels.
 *
 * @param images - As `data.train`, from the working directory.
 * @param set - Assignments, as `loadConfig` takes them.
 * @throws ConfigError naming the assignment that is wrong.
 */
export function previewConfig(images: string, set: readonly string[] = []): Config {
  const training = { batchSize: 1, steps: 1, optimizer: { learningRate: 1 } };
  const config = {
    name: PREVIEW.name,
    data: { train: images, test: images, imageSize: PREVIEW.imageSize },
    pretrain: { ...training, augmentation: { recipe: PREVIEW.recipe } },
    labels: [{ given: true }],
    finetune: training,
  };
  return parseConfig(JSON.stringify(config), `${PREVIEW.name}.yaml`, { set });
}

/**
 * Draws what `pretrain.augmentation` of a configuration makes of its training images, before anything is trained. The
 * seed of the configuration chooses the images and the views.
 *
 * @throws DataError if there are no images, or a chosen one is broken; ConfigError if the recipe names what is not there.
 */
export async function previewAugmentation(
  config: Config,
  { rows = 6, views = 6 }: PreviewAugmentationOptions = {},
): Promise<AugmentationPreview> {
  checkInteger("previewAugmentation", { rows }, 1);
  const { data, backend, seed } = config;
  const parts = await openParts(config);
  const { recipe } = pretrainRecipe(config, parts);
  await useBackend(backend.name, { ...(backend.threads !== undefined && { threads: backend.threads }) });
  const random = Random.fromSeed(seed).fork("sheet");
  const all = await openPart(data.train, "train", config, parts);
  try {
    const chosen = subset(all, random.permutation(all.size).slice(0, rows));
    // Pretraining sees large images made smaller, too.
    const images = await cacheDecoded(chosen, { maxSide: 2 * data.imageSize, storage: "memory" });
    try {
      const originals = await Promise.all(Array.from({ length: images.size }, (_, i) => images.read(i)));
      const sheet = await previewSheet(originals, recipe, { rows, views, random });
      const names = originals.map((_, i) => images.id(i));
      return { ...sheet, names, recipe: recipe.map((step) => step.name) };
    } finally {
      await images.close();
    }
  } finally {
    await all.close();
  }
}

/**
 * Writes a preview: the sheet where the file ends in .png, else a page that also tells what was drawn for each view.
 *
 * @param config - Of which the preview was made.
 */
export async function writePreview(file: string, preview: AugmentationPreview, config: Config): Promise<void> {
  const { png, pictures, draws, names, recipe } = preview;
  if (file.endsWith(".png")) return writeFile(file, png);
  const { data, pretrain, seed } = config;
  const named = pretrain.augmentation.recipe;
  const page = await previewPage({
    title: `Views of ${typeof data.train === "string" ? basename(data.train) : data.train.name}`,
    facts: [
      ...(typeof named === "string" ? [{ name: "recipe", value: named }] : []),
      { name: "steps", value: recipe.join(", ") },
      { name: "side of the views", value: `${data.imageSize} pixels` },
      { name: "seed", value: seed },
    ],
    rows: pictures.map(([original, ...views], row) => ({
      name: names[row]!,
      original: original!,
      views: views.map((image, view) => ({ image, steps: draws[row]![view]! })),
    })),
  });
  await writeFile(file, page);
}
