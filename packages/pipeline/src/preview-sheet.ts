import { type Augmentation, batchView, type DrawnParameters, type RecordDraw } from "@simclr/augment";
import { checkInteger, InvalidArgumentError, Random, type RawBatch, type RawImage, UNLABELLED } from "@simclr/core";
import { imageSheet } from "@simclr/report";
import { drawableImage } from "./drawable-image.js";

export interface PreviewSheetOptions {
  /** Images shown, one per row, from the first on, >= 1. @defaultValue all of them */
  readonly rows?: number;
  /** Views beside each image, >= 1. @defaultValue 6 */
  readonly views?: number;
  /** Edge of the square that each picture is fitted into, in pixels, >= 1. @defaultValue 96 */
  readonly tilePx?: number;
  /** From which the views are drawn; not advanced. @defaultValue Random.fromSeed(0) */
  readonly random?: Random;
}

/** What one step of a recipe drew for one view. */
export interface ViewDraw {
  /** The step's name; within compositions, theirs in front: `randomApply/rotate`. */
  readonly step: string;
  readonly parameters: DrawnParameters;
}

export interface PreviewSheet {
  /** A PNG file with a transparent ground: a row for each image, the original first and then its views. */
  readonly png: Uint8Array;
  /** The pictures on it, `[row][0]` the original and then its views. */
  readonly pictures: readonly (readonly RawImage[])[];
  /** What was drawn for each view, `[row][view]`, step by step. */
  readonly draws: readonly (readonly (readonly ViewDraw[])[])[];
}

/**
 * Draws originals and random views of them as one picture, to see what a recipe does before training on it.
 *
 * It lives here, as `@simclr/report` draws pictures and does not know augmentations, and `@simclr/augment` knows no files.
 *
 * @param images - uint8 images of any sizes, with as many channels as the recipe takes; other numbers of channels than 1,
 *   3 and 4 are drawn as their mean.
 * @param recipe - Such as `simclrV2({ size: 96 })`.
 * @throws InvalidArgumentError (rejects) if there is no image, or the recipe cannot take one.
 */
export async function previewSheet(
  images: readonly RawImage[],
  recipe: readonly Augmentation[],
  options: PreviewSheetOptions = {},
): Promise<PreviewSheet> {
  const { rows = Math.max(1, images.length), views = 6, tilePx = 96, random = Random.fromSeed(0) } = options;
  checkInteger("previewSheet", { rows }, 1);
  checkInteger("previewSheet", { views }, 1);
  if (images.length === 0)
    throw new InvalidArgumentError("previewSheet: `images` must hold at least one image; received none. Pass a few.", {
      subject: "images",
      expected: "at least one image",
      received: "none",
    });
  const draws: ViewDraw[][][] = [];
  const sheet: RawImage[][] = [];
  for (const [index, image] of images.slice(0, rows).entries()) {
    const ofImage = Array.from({ length: views }, (): ViewDraw[] => []);
    const record = (view: number, parameters: DrawnParameters, step: string) =>
      void ofImage[view]!.push({ step, parameters });
    sheet.push([image, ...(await viewsOfImage(image, index, recipe, random, views, record))].map(drawableImage));
    draws.push(ofImage);
  }
  return { png: await imageSheet(sheet, { tilePx }), pictures: sheet, draws };
}

/**
 * Views 0 … count - 1 of one image in epoch 0, as bytes.
 *
 * @param index - Names the image's random numbers, as its place in a data set does.
 * @param record - Is told what each step drew for each view.
 */
export async function viewsOfImage(
  image: RawImage,
  index: number,
  recipe: readonly Augmentation[],
  random: Random,
  count: number,
  record?: (view: number, parameters: DrawnParameters, step: string) => void,
): Promise<RawImage[]> {
  const { height, width, channels, data } = image;
  const batch: RawBatch = {
    kind: "raw",
    images: data,
    shape: [1, height, width, channels],
    indices: Int32Array.of(index),
    labels: Int32Array.of(UNLABELLED),
  };
  const views: RawImage[] = [];
  for (let view = 0; view < count; view++) {
    const own: RecordDraw = (_, parameters, ...path) => record?.(view, parameters, path.join("/"));
    const tensor = batchView(batch, recipe, { random, epoch: 0, step: 0, view }, { record: own });
    const [, viewHeight, viewWidth, depth] = tensor.shape;
    const values = await tensor.data();
    tensor.dispose();
    const bytes = Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
    views.push({ height: viewHeight, width: viewWidth, channels: depth, data: bytes });
  }
  return views;
}
