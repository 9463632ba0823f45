import { ConfigError, type Random } from "@simclr/core";
import { labelledIndices, subset } from "@simclr/data";
import { onlineEvaluationHook } from "@simclr/evaluate";
import type { Encoder } from "@simclr/models";
import type { TrainerHook } from "@simclr/trainer";
import { testRecipe } from "../build.js";
import type { RunImages } from "../images.js";
import { featuresOf, representation } from "./measure.js";
import type { StageEnvironment } from "./stage.js";

/**
 * The hook that measures the encoder while it is pretrained, on labelled training images that are drawn once; none where the
 * config asks for none. The test images are left for the end.
 *
 * @throws ConfigError if fewer than two training images have a label.
 */
export function onlineEvaluation(
  { train, classNames }: RunImages,
  encoder: Encoder,
  random: Random,
  { config }: StageEnvironment,
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
  const { batchSize } = config.evaluate;
  const features = async () => {
    const [reference, test] = [
      await featuresOf(known, testRecipe(config), batchSize, representation(encoder)),
      await featuresOf(asked, testRecipe(config), batchSize, representation(encoder)),
    ];
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
