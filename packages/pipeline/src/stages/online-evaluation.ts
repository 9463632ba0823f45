import { ConfigError, type Dataset, type Random } from "@simclr/core";
import { labelledIndices, subset } from "@simclr/data";
import { onlineEvaluationHook } from "@simclr/evaluate";
import type { Encoder } from "@simclr/models";
import type { TrainerHook } from "@simclr/trainer";
import { testRecipe } from "../build.js";
import type { RunImages } from "../images.js";
import { featuresOf, representation } from "./measure.js";
import type { StageEnvironment } from "./stage.js";

/** Images at a time at most, so that few images make batches enough for the ranks to share. */
const MOST_AT_A_TIME = 64;

/**
 * The hook that measures the encoder while it is pretrained, on labelled training images that are drawn once; none where the
 * config asks for none. The test images are left for the end. Ranks share the images among them.
 *
 * @throws ConfigError if fewer than two training images have a label.
 */
export function onlineEvaluation(
  { train, classNames }: RunImages,
  encoder: Encoder,
  random: Random,
  { config, communicator }: StageEnvironment,
): TrainerHook[] {
  const settings = config.pretrain.onlineEvaluation;
  if (settings === undefined) return [];
  const { everySteps, images, measures } = settings;
  const labelled = labelledIndices(train);
  if (labelled.length < 2)
    throw new ConfigError(
      `pretrain.onlineEvaluation: measures on labelled training images; ${train.name} has ${labelled.length}. Label some, or remove it.`,
      { subject: "pretrain.onlineEvaluation", expected: "labelled images", received: String(labelled.length) },
    );
  const order = random.fork("online evaluation").permutation(labelled.length);
  const drawn = order.slice(0, Math.min(images, labelled.length)).map((i) => labelled[i]!);
  const half = Math.ceil(drawn.length / 2);
  const [known, asked] = [subset(train, drawn.slice(0, half).sort()), subset(train, drawn.slice(half).sort())];
  const batchSize = Math.min(config.evaluate.batchSize, MOST_AT_A_TIME);
  const rowsOf = (dataset: Dataset) =>
    featuresOf(dataset, testRecipe(config), batchSize, representation(encoder), communicator);
  const features = async () => {
    const [reference, test] = [await rowsOf(known), await rowsOf(asked)];
    return {
      trainFeatures: reference.values,
      trainLabels: reference.labels,
      testFeatures: test.values,
      testLabels: test.labels,
      dimension: reference.dimension,
      classCount: classNames.length,
    };
  };
  return [onlineEvaluationHook({ everySteps, features, measures, random: random.fork("online probe") })];
}
