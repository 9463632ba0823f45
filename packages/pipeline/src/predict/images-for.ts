import { type Augmentation, centerCrop, clip } from "@simclr/augment";
import { type Dataset, InvalidArgumentError } from "@simclr/core";
import { type CachedDataset, cacheDecoded, openDataset, subset } from "@simclr/data";
import type { Preprocessing } from "@simclr/exchange";

export interface ImagesForOptions {
  /** Channels that the network takes. */
  readonly channels: number;
  readonly preprocessing: Preprocessing;
  readonly onBroken: "error" | "skip";
  /** A file of labels, as `openDataset` takes it. @defaultValue what the images say themselves */
  readonly labels?: string;
  /** Only the image of this name. @defaultValue all */
  readonly only?: string;
}

/** Images as a trained network sees them at test time. The caller closes them. */
export interface ImagesFor {
  readonly dataset: Dataset;
  /** Crop and range, drawing nothing. */
  readonly recipe: readonly Augmentation[];
  /** Broken images that were left out, with reasons. */
  readonly skipped: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens images for a trained network.
 *
 * @throws DataError if there are none or one is broken; InvalidArgumentError if the network takes no image files.
 */
export async function imagesFor(where: string, path: string, options: ImagesForOptions): Promise<ImagesFor> {
  const { channels, preprocessing, onBroken, only, labels } = options;
  const { imageSize, cropFraction, resize } = preprocessing;
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new InvalidArgumentError(
      `${where}: the network takes images of ${channels} channels, and files give 1, 3 or 4. Run it on your own images.`,
      { subject: "model", expected: "1, 3 or 4 channels", received: String(channels) },
    );
  const opened = await openDataset(path, {
    ...{ split: "test", channels, onBroken },
    ...(labels !== undefined && { labels }),
  });
  let decoded: CachedDataset | undefined;
  try {
    const chosen = only === undefined ? opened : subset(opened, [indexOf(where, opened, only)]);
    decoded = await cacheDecoded(chosen, { maxSide: 2 * imageSize, onBroken });
  } catch (error) {
    await opened.close();
    throw error;
  }
  const dataset = decoded;
  return {
    dataset,
    recipe: [centerCrop({ size: imageSize, fraction: cropFraction, kernel: resize }), clip()],
    skipped: dataset.skipped.map(({ id, reason }) => `${id}: ${reason}`),
    async close() {
      await dataset.close();
      await opened.close();
    },
  };
}

/** The place of an image by its name. */
function indexOf(where: string, dataset: Dataset, name: string): number {
  for (let index = 0; index < dataset.size; index++) if (dataset.id(index) === name) return index;
  throw new InvalidArgumentError(
    `${where}: ${dataset.name} holds no image called "${name}". Its first is ${dataset.id(0)}; names are paths below the folder, or inside the archive.`,
    { subject: name, received: name },
  );
}
