import {
  type CropSpec,
  centerCropBox,
  cropAndResizeHost,
  cropStream,
  Random,
  type RawImage,
  type StreamKey,
  sampleCropBox,
} from "@simclr/core";
import { type DecodeSettings, decodeImage } from "./decode-image.js";
import { BlockingImageReader, type ImageLocation } from "./image-bytes.js";
import { PixelFile } from "./pixel-file.js";
import { imageAt, type PixelStore } from "./pixel-store.js";
import { reasonOf } from "./reason.js";

/** What stays the same for all batches; data, so that it can travel to a worker. */
export interface ViewSettings {
  readonly spec: CropSpec;
  /** Views of each image. */
  readonly views: number;
  /** Of the stream that crops are drawn from. */
  readonly key: StreamKey;
  readonly channels: number;
  /** Where decoded images are; undefined if they come with the job. */
  readonly store: PixelStore | undefined;
  /** How encoded images are decoded; undefined if they are not. */
  readonly decode: DecodeSettings | undefined;
}

/** The images of a batch: places in the store, encoded ones to read, or pixels. */
export type JobImages =
  | { readonly kind: "stored"; readonly places: Int32Array }
  | { readonly kind: "encoded"; readonly locations: readonly ImageLocation[] }
  | { readonly kind: "decoded"; readonly images: readonly RawImage[] };

/** The views of one batch to make, by several threads at once. */
export interface ViewJob {
  readonly images: JobImages;
  /** Index of each image in the data set, [N]; names its stream. */
  readonly indices: Int32Array;
  /** Pass over the data that each image belongs to, [N]. */
  readonly passes: Int32Array;
  /** How many images are taken: each thread takes the next one. In shared memory, [1]. */
  readonly taken: Int32Array;
  /** Receives float32 [views, N, S, S, C]. In shared memory. */
  readonly into: Float32Array;
}

/** What one thread did of a job. */
export interface ViewOutcome {
  /** Places in the batch of images that cannot be read; their views are as they were. */
  readonly broken: readonly { readonly place: number; readonly reason: string }[];
  readonly images: number;
  /** Milliseconds of this thread. */
  readonly readMs: number;
  /** Milliseconds from giving an image to the decoder to its pixels; two images are decoded at once. */
  readonly decodeMs: number;
  /** Milliseconds of this thread. */
  readonly cropMs: number;
}

/** Images that one thread has in hand: while libvips decodes one, this thread crops another. */
const IN_HAND = 2;

/**
 * Decodes each image once and cuts all its views. The box of a view depends on the stream's key, the pass, the index and the
 * view alone, and its place in the result is fixed, so any number of threads makes the same batch.
 */
export class ViewMaker {
  readonly #settings: ViewSettings;
  readonly #random: Random;
  readonly #reader = new BlockingImageReader();
  readonly #file: PixelFile | undefined;
  /** Settled when the job before this one has no image left to take. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(settings: ViewSettings) {
    this.#settings = settings;
    this.#random = Random.fromKey(settings.key);
    const file = settings.store?.file;
    this.#file = file === undefined ? undefined : new PixelFile(file);
  }

  /** Takes images of the job until none is left. Jobs are worked on in the order of the calls. */
  async run(job: ViewJob): Promise<ViewOutcome> {
    const outcome = { broken: [] as { place: number; reason: string }[], images: 0, readMs: 0, decodeMs: 0, cropMs: 0 };
    const before = this.#turn;
    let exhausted = (): void => {};
    this.#turn = new Promise<void>((resolve) => {
      exhausted = resolve;
    });
    const count = job.indices.length;
    const lane = async (): Promise<void> => {
      for (;;) {
        const place = Atomics.add(job.taken, 0, 1);
        if (place >= count) return exhausted();
        outcome.images++;
        try {
          const image = await this.#read(job.images, place, outcome);
          const start = performance.now();
          this.#cut(job, place, image);
          outcome.cropMs += performance.now() - start;
        } catch (error) {
          outcome.broken.push({ place, reason: reasonOf(error) });
        }
      }
    };
    try {
      await before;
      await Promise.all(Array.from({ length: job.images.kind === "encoded" ? IN_HAND : 1 }, lane));
    } finally {
      exhausted();
    }
    return outcome;
  }

  close(): void {
    this.#reader.close();
    this.#file?.close();
  }

  #read(images: JobImages, place: number, outcome: { readMs: number; decodeMs: number }): RawImage | Promise<RawImage> {
    if (images.kind === "decoded") return images.images[place]!;
    const start = performance.now();
    if (images.kind === "stored") {
      const { store } = this.#settings;
      const at = images.places[place]!;
      const image = this.#file === undefined ? imageAt(store!, at) : this.#file.readSync(store!, at);
      outcome.readMs += performance.now() - start;
      return image;
    }
    const encoded = this.#reader.read(images.locations[place]!);
    const read = performance.now();
    outcome.readMs += read - start;
    return decodeImage(encoded, this.#settings.decode!).finally(() => {
      outcome.decodeMs += performance.now() - read;
    });
  }

  #cut({ indices, passes, into }: ViewJob, place: number, image: RawImage): void {
    const { spec, views, channels } = this.#settings;
    const length = spec.size * spec.size * channels;
    for (let view = 0; view < views; view++) {
      const at = (view * indices.length + place) * length;
      const box =
        spec.kind === "center-crop"
          ? centerCropBox(spec, image.height, image.width)
          : sampleCropBox(
              cropStream(this.#random, passes[place]!, indices[place]!, view),
              spec,
              image.height,
              image.width,
            );
      cropAndResizeHost(image, box, spec.size, spec.kernel, { into: into.subarray(at, at + length) });
    }
  }
}
