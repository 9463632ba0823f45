import type { Random } from "../random.js";

/** Name of the random crop, as an augmentation and in its stream's path. */
const CROP_NAME = "randomResizedCrop";

/**
 * The stream from which everything is drawn that augments one view of one image: each augmentation forks it by its
 * name. It depends on nothing but its arguments, so a batch that is split over ranks or workers is the same batch.
 *
 * @param random - The run's stream for augmentation; not advanced.
 * @param epoch - Pass over the data, >= 0.
 * @param sampleIndex - Index of the image in its dataset, >= 0.
 * @param view - 0 for the first view of the image, 1 for the second.
 */
export function augmentStream(random: Random, epoch: number, sampleIndex: number, view: number): Random {
  return random.fork("augment", epoch, sampleIndex, view);
}

/**
 * The stream of one image's random crop: a loader that crops where images are decoded and the augmentation on the
 * device draw the same box from it with `sampleCropBox`. Arguments as for `augmentStream`.
 */
export function cropStream(random: Random, epoch: number, sampleIndex: number, view: number): Random {
  return augmentStream(random, epoch, sampleIndex, view).fork(CROP_NAME);
}
