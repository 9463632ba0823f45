import { centerCropBox, cropAndResizeHost, DataError, Random, type RawImage, UNLABELLED } from "@simclr/core";
import { drawShapes, shapes } from "@simclr/data/shapes";
import type { OwnPicture, Pictures } from "../messages.js";

/** Side of all pictures that are trained on; that of the drawn ones. */
const SIDE = 32;
/** How pictures are made smaller, on the page and in the student's file: the only kernel that does not alias. */
export const RESIZE = "vips";
const PICTURE_BYTES = SIDE * SIDE * 3;
/** Longest side that a picture is decoded at; more would only cost memory. */
const LONGEST_SIDE = 1024;
/** Labelled pictures that are kept for tests, of the reader's own. */
const TEST_SHARE = 0.25;

/** Pictures to train on, and others with labels, if there are any, to test on. */
export interface Split {
  readonly train: Pictures;
  readonly test: Pictures;
}

/** Number of pictures. */
export const countOf = ({ labels }: Pictures): number => labels.length;

/** The drawn pictures. */
export function drawnPictures(count: number, testCount: number, seed: number): Split {
  const draw = (split: "train" | "test", size: number): Pictures => {
    const { images, labels } = drawShapes({ split, size, seed });
    return { side: SIDE, pixels: images, labels, classNames: shapes({ split, size: 1 }).classNames };
  };
  return { train: draw("train", count), test: draw("test", testCount) };
}

/**
 * The reader's pictures, cut to squares. Those of a class are split, so that every class is tested; of pictures without classes
 * all are trained on and the same are looked at.
 *
 * @throws DataError naming the file if one is no picture.
 */
export async function ownPictures(own: readonly OwnPicture[], seed: number): Promise<Split> {
  const classNames = [...new Set(own.map(({ className }) => className).filter((name) => name !== undefined))].sort();
  const pixels = new Uint8Array(own.length * PICTURE_BYTES);
  const box = { kind: "center-crop", size: SIDE, fraction: 1, kernel: RESIZE } as const;
  for (const [i, { file }] of own.entries()) {
    const image = await decodePicture(file);
    const values = cropAndResizeHost(image, centerCropBox(box, image.height, image.width), SIDE, RESIZE);
    for (let j = 0; j < PICTURE_BYTES; j++)
      pixels[i * PICTURE_BYTES + j] = Math.round(255 * Math.min(1, Math.max(0, values[j]!)));
  }
  const labels = Int32Array.from(own, ({ className }) =>
    className === undefined ? UNLABELLED : classNames.indexOf(className),
  );
  const all: Pictures = { side: SIDE, pixels, labels, classNames };
  if (classNames.length < 2) return { train: all, test: all };
  const order = Random.fromSeed(seed).fork("test pictures").permutation(own.length);
  const seen = new Map<number, number>();
  const isTest = new Set(
    order.filter((i) => {
      const label = labels[i]!;
      const rank = seen.get(label) ?? 0;
      seen.set(label, rank + 1);
      return label !== UNLABELLED && rank < TEST_SHARE * labels.filter((each) => each === label).length;
    }),
  );
  const rows = [...labels.keys()];
  return {
    train: pick(
      all,
      rows.filter((i) => !isTest.has(i)),
    ),
    test: pick(
      all,
      rows.filter((i) => isTest.has(i)),
    ),
  };
}

/** Some of the pictures, in the order of `indices`. */
export function pick({ side, pixels, labels, classNames }: Pictures, indices: readonly number[]): Pictures {
  const picked = new Uint8Array(indices.length * PICTURE_BYTES);
  for (const [to, from] of indices.entries())
    picked.set(pixels.subarray(from * PICTURE_BYTES, (from + 1) * PICTURE_BYTES), to * PICTURE_BYTES);
  return { side, pixels: picked, labels: Int32Array.from(indices, (i) => labels[i]!), classNames };
}

/**
 * Decodes any picture that the browser knows; what is transparent becomes white.
 *
 * @throws DataError naming the file if it is no picture.
 */
export async function decodePicture(file: File): Promise<RawImage> {
  const bitmap = await createImageBitmap(file).catch((cause) => {
    throw new DataError(
      `${file.name} cannot be read as a picture. Choose a PNG, JPEG, WebP or another that this browser shows.`,
      {
        subject: file.name,
        cause,
      },
    );
  });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale))) as [
    number,
    number,
  ];
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, channels: 3, data };
}

/** A drawn picture that no training has seen, as a file of the reader's would be. */
export async function drawnFile(seed: number): Promise<File> {
  const { pixels, labels, classNames } = drawnPictures(1, 1, seed).test;
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const rgba = new Uint8ClampedArray(SIDE * SIDE * 4).fill(255);
  for (let i = 0; i < SIDE * SIDE; i++) rgba.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
  canvas.getContext("2d")!.putImageData(new ImageData(rgba, SIDE, SIDE), 0, 0);
  return new File([await canvas.convertToBlob()], `a drawn ${classNames[labels[0]!]}.png`, { type: "image/png" });
}
