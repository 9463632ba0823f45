import {
  checkChoice,
  checkInteger,
  type Dataset,
  type ImageShape,
  InvalidArgumentError,
  Random,
  type RawImage,
} from "@simclr/core";
import { SHAPE_CLASSES } from "./outlines.js";
import { type Canvas, createCanvas, render } from "./render.js";
import { drawScene } from "./scene.js";

/** Names the drawing: to be raised whenever any pixel changes. */
const VERSION = 1;
const SIDE = 32;
const IMAGE_SHAPE: ImageShape = { height: SIDE, width: SIDE, channels: 3 };
const IMAGE_BYTES = SIDE * SIDE * 3;
const DEFAULT_SIZE = { train: 6000, test: 5000 } as const;

export interface ShapesOptions {
  /** Train and test images come from different streams. */
  readonly split: "train" | "test";
  /** Number of images, >= 1; a larger set starts with the images of a smaller one. @defaultValue 6000, or 5000 for test */
  readonly size?: number;
  /** An integer >= 0. @defaultValue 0 */
  readonly seed?: number;
}

/** All images at once. */
export interface DrawnShapes {
  /** uint8 [size, 32, 32, 3], RGB, row-major. */
  readonly images: Uint8Array;
  /** Class indices, [size]. */
  readonly labels: Int32Array;
}

/**
 * The built-in data set: up to eight copies of one of ten shapes, 32×32 RGB, drawn and never downloaded.
 *
 * The class is the shape. Colour, brightness, texture, number, place, size, rotation, light, clutter and noise are
 * drawn without looking at it. Image `i` depends on split, seed and `i` alone; each run of ten images from a multiple of ten
 * holds every class once, in random order.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function shapes(options: ShapesOptions): Dataset {
  const { split, size, seed } = resolve("shapes", options);
  const root = streamOf(split, seed);
  const canvas = createCanvas(SIDE);
  const labels = labelsOf(root, size);
  const check = (index: number): number => {
    if (Number.isInteger(index) && index >= 0 && index < size) return index;
    throw new InvalidArgumentError(
      `shapes: \`index\` must be an integer in [0, ${size}); received ${String(index)}. Ask for a larger \`size\` or a smaller index.`,
      { subject: "index", expected: `[0, ${size})`, received: String(index) },
    );
  };
  return {
    name: "shapes",
    size,
    imageShape: IMAGE_SHAPE,
    classNames: SHAPE_CLASSES.map(({ name }) => name),
    labels,
    fingerprint: `shapes-v${VERSION}-${split}-${size}-seed${seed}`,
    id: (index) => `shapes/${split}/${check(index)}`,
    read: async (index): Promise<RawImage> => {
      const data = new Uint8Array(IMAGE_BYTES);
      drawImage(canvas, root, check(index), labels[index]!, data, 0);
      return { ...IMAGE_SHAPE, data };
    },
    close: async () => {},
  };
}

/**
 * Draws all images of `shapes(options)` into one array, about 0.1 ms each.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function drawShapes(options: ShapesOptions): DrawnShapes {
  const { split, size, seed } = resolve("drawShapes", options);
  const root = streamOf(split, seed);
  const canvas = createCanvas(SIDE);
  const labels = labelsOf(root, size);
  const images = new Uint8Array(size * IMAGE_BYTES);
  for (let i = 0; i < size; i++) drawImage(canvas, root, i, labels[i]!, images, i * IMAGE_BYTES);
  return { images, labels };
}

function resolve(where: string, options: ShapesOptions): Required<ShapesOptions> {
  const { split, seed = 0 } = options;
  checkChoice(where, { split }, ["train", "test"]);
  const { size = DEFAULT_SIZE[split] } = options;
  checkInteger(where, { size }, 1);
  checkInteger(where, { seed });
  return { split, size, seed };
}

function streamOf(split: string, seed: number): Random {
  return Random.fromSeed(seed).fork("shapes", split);
}

function labelsOf(root: Random, size: number): Int32Array {
  const count = SHAPE_CLASSES.length;
  const labels = new Int32Array(size);
  for (let start = 0; start < size; start += count) {
    const order = root.fork("labels", start / count).permutation(count);
    labels.set(order.subarray(0, Math.min(count, size - start)), start);
  }
  return labels;
}

function drawImage(canvas: Canvas, root: Random, index: number, label: number, out: Uint8Array, offset: number): void {
  render(canvas, drawScene(root.fork("image", index), SIDE), SHAPE_CLASSES[label]!.outline, out, offset);
}
