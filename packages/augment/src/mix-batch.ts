import { augmentStream, InvalidArgumentError, type Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { AugmentKeys, AugmentOptions } from "./augment.js";
import { checkLabelled, type LabelledImages, type Mixing } from "./mixing.js";
import type { RecordDraw } from "./record.js";

export interface MixBatchOptions extends AugmentOptions {
  /** Place of each image's partner in the batch, [N]. @defaultValue drawn: see `mixBatch` */
  readonly partners?: ArrayLike<number>;
}

/**
 * Mixes the images of a batch with each other, and their labels alike; for supervised stages, after `augment`.
 *
 * Each image is the partner of exactly one other. Who is whose partner depends on the seed, the epoch, the view and the
 * indices that the batch holds, not on their order, so a batch that is shuffled gives the same images. One that is split
 * finds its partners within each part: that is another, equally valid draw. Pass `partners` to pair images yourself.
 *
 * @param batch - Images and soft labels. Not disposed.
 * @param keys - The keys that the images were augmented with.
 * @param options - `record` is told the `partner` of each image too.
 * @returns New images and labels of the same shapes. The caller disposes both; nothing else stays in memory.
 * @throws InvalidArgumentError if images, labels, indices and partners do not fit together.
 */
export function mixBatch(
  batch: LabelledImages,
  mixing: Mixing,
  keys: AugmentKeys,
  options: MixBatchOptions = {},
): LabelledImages {
  checkLabelled("mixBatch", batch);
  const { random, epoch, step, view, indices } = keys;
  const batchSize = batch.images.shape[0];
  if (indices.length !== batchSize)
    throw new InvalidArgumentError(
      `mixBatch: \`keys.indices\` must name each of the ${batchSize} images; received ${indices.length} indices. Pass the \`indices\` of the batch.`,
      { subject: "keys.indices", expected: String(batchSize), received: String(indices.length) },
    );
  const places = Array.from({ length: batchSize }, (_, i) => i);
  const streams = places.map((i) => augmentStream(random, epoch, indices[i]!, view).fork(mixing.name));
  const partners = options.partners === undefined ? drawPartners(streams, indices) : Array.from(options.partners);
  checkPartners(partners, batchSize);
  const record: RecordDraw | undefined =
    options.record &&
    ((place, parameters, ...path) =>
      options.record?.(place, { ...parameters, partner: partners[place]! }, mixing.name, ...path));
  const batchRandom = random.fork("augment-batch", epoch, step, view).fork(mixing.name);
  const context = { randoms: streams, batchRandom, ...(record && { record }) };
  const order = tf.tensor1d(partners, "int32");
  const images = tf.gather(batch.images, order);
  const labels = tf.gather(batch.labels, order);
  try {
    return mixing.mix(batch, { images, labels }, context);
  } finally {
    tf.dispose([order, images, labels]);
  }
}

/** A circle through the batch, in the order of a number that each image draws: the next one is the partner. */
function drawPartners(streams: readonly Random[], indices: ArrayLike<number>): number[] {
  const draws = streams.map((stream) => stream.fork("partner").uniform());
  const circle = [...draws.keys()].sort((a, b) => draws[a]! - draws[b]! || indices[a]! - indices[b]!);
  const partners: number[] = [];
  for (const [i, place] of circle.entries()) partners[place] = circle[(i + 1) % circle.length]!;
  return partners;
}

function checkPartners(partners: readonly number[], batchSize: number): void {
  const wrong = partners.find((partner) => !(Number.isInteger(partner) && partner >= 0 && partner < batchSize));
  if (partners.length === batchSize && wrong === undefined) return;
  const received = wrong === undefined ? `${partners.length} places` : String(wrong);
  throw new InvalidArgumentError(
    `mixBatch: \`partners\` must be ${batchSize} places in the batch, in [0, ${batchSize - 1}]; received ${received}. Leave them out to have them drawn.`,
    { subject: "partners", expected: `${batchSize} places`, received },
  );
}
