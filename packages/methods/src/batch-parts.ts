import { type Augmentation, batchView } from "@simclr/augment";
import { type ImageBatch, InvalidArgumentError } from "@simclr/core";
import type { StepContext } from "@simclr/trainer";
import type * as tf from "@tensorflow/tfjs-core";

/**
 * Cuts a batch into parts of `size` images, which share its storage.
 *
 * @throws InvalidArgumentError unless the batch has a multiple of `size` images.
 */
export function batchParts(batch: ImageBatch, size: number): ImageBatch[] {
  const images = batch.indices.length;
  if (images % size !== 0)
    throw new InvalidArgumentError(
      `methodTask: a batch must have a multiple of \`microBatch\`, ${size} images; received ${images}. Choose a batch size that ${size} divides.`,
      { subject: "microBatch", expected: `a divisor of ${images}`, received: String(size) },
    );
  return Array.from({ length: images / size }, (_, i) => part(batch, i * size, (i + 1) * size));
}

function part(batch: ImageBatch, start: number, end: number): ImageBatch {
  const [images, height, width, channels] = batch.shape;
  const pixels = height * width * channels;
  const rows = {
    indices: batch.indices.subarray(start, end),
    labels: batch.labels.subarray(start, end),
    shape: [end - start, height, width, channels] as const,
  };
  if (images === end - start) return batch;
  return batch.kind === "raw"
    ? { ...batch, ...rows, images: batch.images.subarray(start * pixels, end * pixels) }
    : { ...batch, ...rows, views: batch.views.map((view) => view.subarray(start * pixels, end * pixels)) };
}

/** Every view of a batch, by its own recipe: float32 `[N, S, S, C]` each. Whoever draws twice gets the same twice. */
export function drawViews(
  batch: ImageBatch,
  recipes: readonly (readonly Augmentation[])[],
  { random, epoch, step }: StepContext,
): tf.Tensor4D[] {
  return recipes.map((recipe, view) => batchView(batch, recipe, { random, epoch, step, view }));
}
