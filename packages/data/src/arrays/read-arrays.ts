import { DataError, type RawImage } from "@simclr/core";
import { fromNumbers } from "../class-labels.js";
import { decodedDataset } from "../decoded-dataset.js";
import type { OpenedDataset } from "../encoded-dataset.js";
import type { ResolvedOpenOptions } from "../open-options.js";
import { type ArrayFile, openNpy } from "./array-file.js";
import { chooseArrays } from "./choose-arrays.js";
import { imageLayout, toImage } from "./image-array.js";
import { openNpz } from "./npz.js";
import { numberReader } from "./numbers.js";

/** Whether a path names an array by its extension. */
export function isArrayName(path: string): boolean {
  return /\.np[yz]$/i.test(path);
}

/**
 * Images in a NumPy array `[N, H, W, C]` or `[N, H, W]` (`layout` "NCHW": `[N, C, H, W]`): a `.npy` file, with labels
 * in another that `labels` names, or a `.npz` archive of both. The values of `range` become 0 to 255, rounded: images
 * are 8 bits a channel here. Any number of channels.
 *
 * @throws DataError if an array is damaged or of another form; when an image is read, if a value is outside `range`.
 */
export async function readArrays(path: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const { images, labels } = await openArrays(path, options);
  try {
    const layout = imageLayout(images, options);
    const id = (index: number): string => `${images.name}[${index}]`;
    const numbers = labels === undefined ? undefined : await readLabels(labels, layout.count, images.name);
    const classes = fromNumbers(numbers ?? new Array<undefined>(layout.count).fill(undefined), options.classNames, id);
    const { height, width, channels, count, imageBytes } = layout;
    return decodedDataset(
      {
        name: path,
        imageShape: { height, width, channels },
        classes: { classNames: classes.classNames, labels: classes.labels.slice(0, options.limit) },
        identity: ["arrays", count, height, width, channels, ...layout.range, String(layout.planar), images.dataBytes],
        id,
        read: async (index): Promise<RawImage> =>
          toImage(await images.read(index * imageBytes, imageBytes), images.type, layout, id(index)),
        close: () => images.close(),
      },
      options,
    );
  } catch (error) {
    await images.close();
    throw error;
  } finally {
    await labels?.close();
  }
}

async function openArrays(
  path: string,
  options: ResolvedOpenOptions,
): Promise<{ images: ArrayFile; labels: ArrayFile | undefined }> {
  if (/\.npy$/i.test(path)) {
    const images = await openNpy(path);
    return { images, labels: await openLabels(options.labels, images) };
  }
  const archive = await openNpz(path);
  try {
    const names = chooseArrays(path, archive.names, options);
    const images = await archive.open(names.images);
    if (options.labels !== undefined || names.labels === undefined)
      return { images, labels: await openLabels(options.labels, images) };
    try {
      return { images, labels: await archive.open(names.labels) };
    } catch (error) {
      await images.close();
      throw error;
    }
  } finally {
    await archive.close();
  }
}

async function openLabels(path: string | undefined, images: ArrayFile): Promise<ArrayFile | undefined> {
  if (path === undefined) return undefined;
  try {
    return await openNpy(path);
  } catch (error) {
    await images.close();
    throw error;
  }
}

/** Integers `[N]` or `[N, 1]`, as many as images. */
async function readLabels(labels: ArrayFile, count: number, images: string): Promise<number[]> {
  const { name, shape, type, dataBytes } = labels;
  const flat = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (!flat || shape[0] !== count || type.kind === "f")
    throw new DataError(
      `${name}: must hold an integer for each of the ${count} images of ${images}; received shape (${shape.join(", ")}) of ${type.kind === "f" ? "floats" : "integers"}. Save the labels as numpy.int64 of shape (${count},).`,
      { subject: name, expected: `(${count},) of integers`, received: `(${shape.join(", ")})` },
    );
  const read = numberReader(type, await labels.read(0, dataBytes));
  return Array.from({ length: count }, (_, i) => read(i));
}
