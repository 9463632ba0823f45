import { existsSync } from "node:fs";
import { extname } from "node:path";
import { ConfigError, InvalidArgumentError } from "@simclr/core";
import {
  type AugmentationPreview,
  type Config,
  loadConfig,
  PREVIEW_FORMATS,
  presetNames,
  previewAugmentation,
  previewConfig,
  writePreview,
} from "@simclr/pipeline";
import { checkEnding } from "./output-file.js";

export interface AugmentPreviewOptions {
  readonly recipe?: string;
  readonly output: string;
  readonly rows: number;
  readonly views: number;
  /** As they were given: the configuration checks them. */
  readonly imageSize?: string;
  readonly seed?: string;
  readonly data?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

/** What `simclr augment preview --json` prints. */
export interface AugmentPreviewOutput {
  readonly file: string;
  /** The augmentations, in their order. */
  readonly recipe: readonly string[];
  readonly images: readonly {
    readonly name: string;
    /** What each step drew for each view. */
    readonly views: AugmentationPreview["draws"][number];
  }[];
}

/** `simclr augment preview IMAGES|CONFIG` */
export async function augmentPreviewCommand(source: string, options: AugmentPreviewOptions): Promise<void> {
  const { output, rows, views, json = false } = options;
  checkEnding("--output", output, PREVIEW_FORMATS);
  const config = await configOf(source, options);
  const preview = await previewAugmentation(config, { rows, views });
  try {
    await writePreview(output, preview, config);
  } catch (cause) {
    throw new ConfigError(
      `--output: cannot write ${output}: ${(cause as Error).message}. Name a file in a folder that exists.`,
      { subject: output, cause },
    );
  }
  process.stdout.write(json ? `${JSON.stringify(outputOf(output, preview), null, 2)}\n` : `${output}\n`);
}

function configOf(source: string, options: AugmentPreviewOptions): Promise<Config> | Config {
  const { recipe, imageSize, seed, data } = options;
  const set = [
    ...options.set,
    ...(recipe === undefined ? [] : [`pretrain.augmentation.recipe=${recipe}`]),
    ...(imageSize === undefined ? [] : [`data.imageSize=${imageSize}`]),
    ...(seed === undefined ? [] : [`seed=${seed}`]),
  ];
  const isPreset = !existsSync(source) && presetNames().includes(source);
  if (isPreset || [".yaml", ".yml"].includes(extname(source)))
    return loadConfig(source, { set, ...(data !== undefined && { data }) });
  if (data !== undefined)
    throw new InvalidArgumentError(
      `--data is the folder of a configuration's images, and ${source} is none: it must end in .yaml, or be a preset. Leave it out.`,
      { subject: "--data" },
    );
  return previewConfig(source, set);
}

function outputOf(file: string, { names, recipe, draws }: AugmentationPreview): AugmentPreviewOutput {
  return { file, recipe, images: names.map((name, row) => ({ name, views: draws[row]! })) };
}
