import {
  type CropBox,
  type CropSpec,
  centerCropBox,
  cropStream,
  type Random,
  type RawImage,
  sampleCropBox,
} from "@simclr/core";
import { Piscina } from "piscina";
import type { BatchPlan } from "./batch-order.js";
import { type CropTask, cropViews } from "./crop-views.js";

export interface ViewCropperOptions {
  readonly spec: CropSpec;
  /** Views of each image. */
  readonly views: number;
  readonly random: Random;
  /** Threads; 0 to crop on the calling thread. */
  readonly workers: number;
}

/** Cuts the views of batches, in worker threads that it owns. */
export class ViewCropper {
  readonly #options: ViewCropperOptions;
  #pool: Piscina<CropTask, Float32Array> | undefined;

  constructor(options: ViewCropperOptions) {
    this.#options = options;
  }

  /**
   * Draws the boxes here, so that they do not depend on threads, and cuts them.
   *
   * @param images - All of the same number of channels.
   * @returns One float32 [N, S, S, C] for each view.
   */
  async crop(plan: BatchPlan, images: readonly RawImage[]): Promise<Float32Array[]> {
    const { spec, views, workers } = this.#options;
    const boxes = Array.from({ length: views }, (_, view) => images.map((image, i) => this.#box(plan, i, view, image)));
    const part = Math.ceil(images.length / Math.max(1, workers));
    const length = spec.size * spec.size * images[0]!.channels;
    const result = Array.from({ length: views }, () => new Float32Array(images.length * length));
    const cut = async (first: number): Promise<void> => {
      const task: CropTask = {
        images: images.slice(first, first + part),
        boxes: boxes.map((view) => view.slice(first, first + part)),
        size: spec.size,
        kernel: spec.kernel,
      };
      const crops = workers === 0 ? cropViews(task) : await this.#threads().run(shareable(task));
      const viewLength = task.images.length * length;
      for (const [view, into] of result.entries())
        into.set(crops.subarray(view * viewLength, (view + 1) * viewLength), first * length);
    };
    const starts = Array.from({ length: Math.ceil(images.length / part) }, (_, k) => k * part);
    await Promise.all(starts.map(cut));
    return result;
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
    this.#pool = undefined;
  }

  #box({ indices, passes }: BatchPlan, i: number, view: number, { height, width }: RawImage): CropBox {
    const { spec, random } = this.#options;
    if (spec.kind === "center-crop") return centerCropBox(spec, height, width);
    return sampleCropBox(cropStream(random, passes[i]!, indices[i]!, view), spec, height, width);
  }

  #threads(): Piscina<CropTask, Float32Array> {
    const { workers } = this.#options;
    this.#pool ??= new Piscina<CropTask, Float32Array>({
      filename: new URL("./crop-worker.js", import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
    });
    return this.#pool;
  }
}

/** A view into a larger buffer that is not shared would take the whole buffer along. */
function shareable(task: CropTask): CropTask {
  const own = (data: Uint8Array): Uint8Array =>
    data.buffer instanceof SharedArrayBuffer || data.byteLength === data.buffer.byteLength
      ? data
      : new Uint8Array(data);
  return { ...task, images: task.images.map((image) => ({ ...image, data: own(image.data) })) };
}
