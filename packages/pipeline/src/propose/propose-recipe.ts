import { ConfigError } from "@simclr/core";
import type { DatasetCheck } from "@simclr/data";

/** What decides a recipe, besides the images. */
export interface ProposalOptions {
  /** Name of the run. */
  readonly name: string;
  /** `data.root`, `data.train` and, where there are test images, `data.test`, as they stand in the file. */
  readonly paths: { readonly root: string; readonly train: string; readonly test: string | undefined };
  /** Whether colours tell the classes apart, so that they must not be changed. @defaultValue false */
  readonly colourMatters?: boolean;
}

/** What a proposal leaves open, for whoever measures the machine. */
export interface Effort {
  /** Of the ResNet-18. */
  readonly width: number;
  /** Side of the views, in pixels. */
  readonly imageSize: number;
  /** Passes over the images in pretraining. */
  readonly epochs: number;
}

/** A recipe for images that were looked at. */
export interface Proposal {
  /** Sides that the views may have, in pixels, ascending; the images are not smaller than the last. */
  readonly sizes: readonly number[];
  readonly images: number;
  readonly labelled: number;
  readonly classes: number;
  /** The share of the labelled images that is held out for measuring; undefined where there are test images. */
  readonly heldOut: number | undefined;
  /** The configuration as commented YAML. */
  readonly yaml: (effort: Effort) => string;
}

/** Sides that views may have; each costs about twice the time of the one before. */
const SIZES = [32, 48, 64] as const;
const HELD_OUT = 0.2;
/** Of distillation; with fewer a student does not reach its teacher. */
const FEWEST_STEPS = 300;

/**
 * Proposes a recipe for a folder of images: sizes of the views by that of the images, batches by their number, and test images
 * held out where there are none.
 *
 * @param check - What `checkData` found: the training images first, then the test images if there are some.
 * @throws ConfigError if fewer than two classes have a label, or too few images to hold some out.
 */
export function proposeRecipe({ datasets }: DatasetCheck, options: ProposalOptions): Proposal {
  const { paths, colourMatters = false } = options;
  const train = datasets[0]!;
  const sound = train.images - train.broken.length;
  const named = train.classes.filter(({ images }) => images > 0);
  if (named.length < 2)
    throw new ConfigError(
      `${train.name}: found labels of ${named.length} classes; a classifier needs two at least. Put some images into folders named after their class, or name them in a labels.csv (columns file,label) beside them.`,
      { subject: train.name, expected: "two classes", received: String(named.length) },
    );
  const fewest = named.reduce((least, each) => (each.images < least.images ? each : least));
  if (paths.test === undefined && fewest.images < 2)
    throw new ConfigError(
      `${train.name}: the class "${fewest.name}" has one labelled image, so none can be held out for measuring. Label another, or give labelled test images with --test.`,
      { subject: fewest.name, expected: "two labelled images", received: "1" },
    );
  const side = train.sizes?.shorterSide.median ?? SIZES[0];
  const sizes = SIZES.filter((size) => size <= side || size === SIZES[0]);
  // At least a dozen batches in an epoch, so that there are steps enough; NT-Xent wants as large ones as that allows.
  const batchSize = [256, 128, 64, 32, 16].find((size) => size * 12 <= sound) ?? 8;
  const distilled = Math.min(64, batchSize);
  const hasBroken = train.broken.length > 0;
  const yaml = ({
    width,
    imageSize,
    epochs,
  }: Effort): string => `# ${sound.toLocaleString("en")} images, ${train.labelled.toLocaleString("en")} of them labelled, ${named.length} classes. Written by simclr init; every key: simclr config explain KEY.
name: ${JSON.stringify(options.name)}
seed: 0
data:
  root: ${JSON.stringify(paths.root)} # the paths below are relative to it
  train: ${JSON.stringify(paths.train)}
  ${
    paths.test === undefined
      ? `test: { holdOut: ${HELD_OUT} } # a share of the labelled images, kept out of training; or a folder of labelled ones`
      : `test: ${JSON.stringify(paths.test)} # labelled, used only to measure`
  }
  imageSize: ${imageSize} # side in pixels that the network sees${hasBroken ? `\n  onBroken: skip # ${train.broken.length} images cannot be read` : ""}
model:
  depth: 18
  width: ${width} # of 1; wider is better and slower
  stem: cifar # for images up to 64 pixels
method: { name: simclr, temperature: 0.2 }
pretrain: # on all images, without labels
  batchSize: ${batchSize}
  epochs: ${epochs}
  warmupEpochs: ${round(epochs / 10)}
  optimizer: { name: momentum, learningRate: 0.3, scaling: linear, weightDecay: 0.0005 }
  ${
    colourMatters
      ? "augmentation: { recipe: crop-only, area: [0.25, 1] } # colour tells classes apart, so it is left alone"
      : "augmentation: { recipe: cifar, area: [0.25, 1] } # crop, flip, colour; crop-only where colour tells classes apart"
  }
labels:
  - { given: true } # every label that there is
finetune: # with the labels
  batchSize: 64
  steps: 200
  area: [0.4, 1]
  headLayer: 1
  optimizer: { name: momentum, learningRate: 0.05, nesterov: true }
supervised: # the control: the same network and labels, from scratch
  batchSize: 64
  steps: 200
  area: [0.4, 1]
  optimizer: { name: momentum, learningRate: 0.1, nesterov: true, weightDecay: 0.0005 }
distill: # a student learns the fine-tuned network's answers on all images
  batchSize: ${distilled}
  epochs: ${Math.max(round(epochs / 2), round((FEWEST_STEPS * distilled) / sound))}
  area: [0.4, 1]
  warmupEpochs: ${round(epochs / 40)}
  temperature: 1
  optimizer: { name: momentum, learningRate: 0.1, nesterov: true, weightDecay: 0.0005 }
  students:
    - { name: self, temperature: 0.5, initialize: pretrained }
`;
  return {
    ...{ sizes, images: sound, labelled: train.labelled, classes: named.length },
    ...{ heldOut: paths.test === undefined ? HELD_OUT : undefined, yaml },
  };
}

const round = (value: number): number => Math.round(10 * value) / 10;
