import { type Augmentation, clip, splitCrop } from "@simclr/augment";
import { cachedTeacher, type DistillationOptions, ensemble, type Teacher } from "@simclr/distill";
import type { ClassifierNetwork } from "@simclr/models";
import { fineTuneRecipe, precisionInputs, studentRecipe, testRecipe } from "../build.js";
import type { LabelledTrainingConfig } from "../config/schema.js";
import type { RunImages } from "../images.js";
import { fingerprint, type RunFolder } from "../run/run-folder.js";
import { type KeptRows, keptRows } from "./kept-rows.js";
import type { LabelledSubset } from "./label-budget.js";
import { answersOf } from "./other-teachers.js";
import type { StageEnvironment, TrainStage } from "./stage.js";

/** Who answers, and what of an image teacher and student see. */
interface Teaching
  extends Pick<DistillationOptions, "teacher" | "recipe" | "studentRecipe">,
    Pick<TrainStage, "prepare"> {}

/** A network that teaches, alone or with others. */
export interface Teaches {
  readonly network: ClassifierNetwork;
  /** All that decides its answers, and those of the others. */
  readonly inputs: string;
  readonly others: readonly ClassifierNetwork[];
}

/** The paper's: the teacher answers for every crop, which the student sees too. */
export function liveTeaching(
  { network, others }: Teaches,
  training: LabelledTrainingConfig,
  { config, parts }: StageEnvironment,
): Teaching {
  return {
    teacher: others.length === 0 ? network : ensemble([network, ...others]),
    recipe: fineTuneRecipe(config, training),
    studentRecipe: studentRecipe(config, parts).recipe,
  };
}

/**
 * The teacher answers once for the test-time view of every training image, and what it says is kept in the run's folder. The
 * student sees the image through its own augmentations, of the whole image where they begin with a crop, else of that view.
 *
 * @param name - Of the teacher's logits in the folder of the label budget.
 */
export async function cachedTeaching(
  { network, inputs, others }: Teaches,
  name: string,
  images: RunImages,
  labelled: LabelledSubset,
  folder: RunFolder,
  environment: StageEnvironment,
): Promise<Teaching> {
  const { config, parts, rehearsal, communicator, signal, events } = environment;
  const { classCount } = network.classifier;
  const { unlabelled: dataset } = images;
  const key = fingerprint(["logits", inputs, dataset.fingerprint, config.data.imageSize, ...precisionInputs(config)]);
  const rows: KeptRows = {
    title: `logits of the teacher with ${labelled.words} labels`,
    folder: await folder.trained(key, labelled.tag, name),
    inputs: key,
    ...{ dataset, recipe: testRecipe(config), batchSize: config.evaluate.batchSize },
    ...{ forward: answersOf(network, others), width: classCount },
  };
  let teacher: Teacher | undefined;
  if (rehearsal !== undefined) teacher = cachedTeacher(new Float32Array(dataset.size * classCount), classCount);
  return {
    teacher: { classCount, logits: (...asked) => teacher!.logits(...asked) },
    recipe: ownRecipe(studentRecipe(config, parts).recipe, testRecipe(config)),
    async prepare() {
      teacher = cachedTeacher(await keptRows(rows, { communicator, signal, say: events.line }), classCount);
    },
  };
}

function ownRecipe(own: readonly Augmentation[], view: readonly Augmentation[]): readonly Augmentation[] {
  const cropped = splitCrop(own).crop === undefined ? [...view, ...own] : own;
  return [...cropped, clip()]; // a bicubic crop leaves [0, 1]
}
