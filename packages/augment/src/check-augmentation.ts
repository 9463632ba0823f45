import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Augmentation, AugmentationContext } from "./augmentation.js";
import type { DrawnParameters } from "./record.js";
import { contextOf } from "./steps.js";
import { context, noise } from "./test-images.js";

export interface CheckAugmentationOptions {
  /** Shape of the images that it is given, [H, W, C]. @defaultValue [24, 24, 3] */
  readonly imageShape?: readonly [number, number, number];
  /** Shape that they must come out in. @defaultValue the same, or the size of its `crop` */
  readonly outputShape?: readonly [number, number, number];
  /** Values that may come out of images in [0, 1]; a bicubic crop overshoots. @defaultValue [0, 1] */
  readonly range?: readonly [number, number];
  /** Seeds to try; rare draws need more. @defaultValue [0, 1, 2, 3] */
  readonly seeds?: readonly number[];
  /** Largest difference between values that should be the same. @defaultValue 0: to the last bit */
  readonly atol?: number;
}

/** Images per batch: enough for parts of uneven size. */
const BATCH_SIZE = 6;

/**
 * Checks, for a test, that an augmentation keeps its contract on the current backend: it returns float32 images of the
 * expected shape and range; gives the same ones for the same random streams, whether or not somebody records, and however
 * the batch is split or ordered; leaves its argument as it was and no other tensor in memory; and records JSON values for
 * images that exist.
 *
 * The images are noise, a black one and a white one. It cannot see whether the pictures make sense: look at a sheet of
 * views for that, as `previewSheet` of `@simclr/pipeline` draws.
 *
 * @example
 * it("keeps the contract of an augmentation", () => checkAugmentation(myTint()));
 *
 * @throws InvalidArgumentError (rejects) at the first check that fails, saying which, for which seed and image.
 */
export async function checkAugmentation(
  augmentation: Augmentation,
  options: CheckAugmentationOptions = {},
): Promise<void> {
  const { imageShape = [24, 24, 3], seeds = [0, 1, 2, 3], atol = 0, range = [0, 1] } = options;
  const [height, width, channels] = imageShape;
  const size = augmentation.crop?.size;
  const outputShape = options.outputShape ?? (size === undefined ? imageShape : [size, size, channels]);
  const images = testImages([BATCH_SIZE, height, width, channels]);
  try {
    const before = await images.data();
    for (const seed of seeds) {
      const run = new Run(augmentation, images, seed, atol);
      await run.checkResult(outputShape, range);
      await run.checkRepeats();
      await run.checkRecords();
      await run.checkParts();
    }
    if (images.isDisposed || firstDifference(await images.data(), before, 0) >= 0)
      refuse(
        augmentation,
        "changed or disposed the images that it was given, which it only borrows.",
        "Copy them first.",
      );
  } finally {
    images.dispose();
  }
}

/** One augmentation of one batch, with the streams of one seed. */
class Run {
  readonly #augmentation: Augmentation;
  readonly #images: tf.Tensor4D;
  readonly #seed: number;
  readonly #atol: number;
  #whole: Float32Array = new Float32Array();

  constructor(augmentation: Augmentation, images: tf.Tensor4D, seed: number, atol: number) {
    this.#augmentation = augmentation;
    this.#images = images;
    this.#seed = seed;
    this.#atol = atol;
  }

  async checkResult(shape: readonly number[], [low, high]: readonly [number, number]): Promise<void> {
    const before = tf.memory().numTensors;
    const result = this.#augmentation.apply(this.#images, this.#context());
    const left = tf.memory().numTensors - before - 1;
    try {
      if (left !== 0)
        refuse(
          this.#augmentation,
          `must leave exactly 1 new tensor in memory; left ${left + 1}.`,
          "Return a new one, and wrap its body in tf.tidy.",
        );
      const expected = [BATCH_SIZE, ...shape].join(", ");
      const received = result.shape.join(", ");
      if (result.dtype !== "float32" || received !== expected)
        refuse(
          this.#augmentation,
          `must return float32 [${expected}]; returned ${result.dtype} [${received}].`,
          "Pass `outputShape` if it is meant to change the shape.",
        );
      this.#whole = (await result.data()) as Float32Array;
    } finally {
      result.dispose();
    }
    const wrong = this.#whole.findIndex((value) => !(value >= low && value <= high));
    if (wrong < 0) return;
    refuse(
      this.#augmentation,
      `must give values in [${low}, ${high}]; gave ${this.#whole[wrong]} in image ${this.#imageOf(wrong)}, seed ${this.#seed}.`,
      "Clip its result, or pass `range` if a later step clips.",
    );
  }

  async checkRepeats(): Promise<void> {
    const again = await this.#values(this.#images, this.#context());
    this.#compare(
      again,
      this.#whole,
      "when it was applied again with the same random streams",
      "Draw from context.randoms and context.batchRandom, never from Math.random, a clock or a counter.",
    );
  }

  async checkRecords(): Promise<void> {
    const records: [number, DrawnParameters][] = [];
    const record = (place: number, parameters: DrawnParameters) => void records.push([place, parameters]);
    const recorded = await this.#values(this.#images, { ...this.#context(), record });
    this.#compare(recorded, this.#whole, "when its draws were recorded", "Draw before it asks whether to record.");
    for (const [place, parameters] of records) {
      if (!(Number.isInteger(place) && place >= 0 && place < BATCH_SIZE))
        refuse(
          this.#augmentation,
          `recorded a draw for image ${place} of a batch of ${BATCH_SIZE}.`,
          "Record the place in the batch, from 0.",
        );
      if (!isJson(parameters))
        refuse(
          this.#augmentation,
          "recorded something that JSON cannot hold.",
          "Record finite numbers, booleans, texts and plain lists of them.",
        );
    }
  }

  /** Splits the batch, unevenly, and turns it round: what an image becomes must not depend on its neighbours. */
  async checkParts(): Promise<void> {
    const all = Array.from({ length: BATCH_SIZE }, (_, i) => i);
    for (const [change, places] of [
      ["split", all.slice(0, 2)],
      ["split", all.slice(2)],
      ["split", all.slice(-1)],
      ["shuffled", all.toReversed()],
    ] as const) {
      const part = tf.tidy(() => tf.gather(this.#images, tf.tensor1d([...places], "int32")));
      try {
        const values = await this.#values(part, contextOf(this.#context(), places));
        this.#compare(
          values,
          this.#rows(places),
          `when its batch was ${change}`,
          "Treat images one by one: draw for image i from context.randoms[i], and from batchRandom only what all share.",
          places,
        );
      } finally {
        part.dispose();
      }
    }
  }

  #context(): AugmentationContext {
    return context(BATCH_SIZE, this.#seed);
  }

  async #values(images: tf.Tensor4D, given: AugmentationContext): Promise<Float32Array> {
    const result = this.#augmentation.apply(images, given);
    const values = (await result.data()) as Float32Array;
    result.dispose();
    return values;
  }

  #rows(places: readonly number[]): Float32Array {
    const length = this.#whole.length / BATCH_SIZE;
    const rows = new Float32Array(places.length * length);
    for (const [i, place] of places.entries())
      rows.set(this.#whole.subarray(place * length, (place + 1) * length), i * length);
    return rows;
  }

  #imageOf(element: number): number {
    return Math.floor((element * BATCH_SIZE) / this.#whole.length);
  }

  #compare(
    values: Float32Array,
    expected: Float32Array,
    when: string,
    advice: string,
    places?: readonly number[],
  ): void {
    const at = firstDifference(values, expected, this.#atol);
    if (at < 0) return;
    const image = places === undefined ? this.#imageOf(at) : places[this.#imageOf(at)];
    refuse(
      this.#augmentation,
      `must give image ${image} the same values ${when}; gave ${values[at]} where it had given ${expected[at]}, seed ${this.#seed}.`,
      advice,
    );
  }
}

/** Noise, with a black and a white image among it. */
function testImages(shape: [number, number, number, number]): tf.Tensor4D {
  return tf.tidy(() => {
    const scale = tf.tensor4d([1, 1, 0, 1, 0, 1], [BATCH_SIZE, 1, 1, 1]);
    const shift = tf.tensor4d([0, 0, 0, 0, 1, 0], [BATCH_SIZE, 1, 1, 1]);
    return tf.add(tf.mul(noise(shape), scale), shift);
  });
}

/** The first element that differs, -1 if none; values of different lengths differ at the shorter one's end. */
function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>, atol: number): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (!(Math.abs(a[i]! - b[i]!) <= atol)) return i;
  return a.length === b.length ? -1 : length;
}

function isJson(parameters: DrawnParameters): boolean {
  return Object.values(parameters).every((value) =>
    (Array.isArray(value) ? value : [value]).every(
      (entry) => ["boolean", "string"].includes(typeof entry) || Number.isFinite(entry),
    ),
  );
}

function refuse({ name }: Augmentation, problem: string, advice: string): never {
  throw new InvalidArgumentError(`checkAugmentation: "${name}" ${problem} ${advice}`, { subject: name });
}
