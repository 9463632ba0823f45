import { type Random, readWeights } from "@simclr/core";
import { labelledIndices } from "@simclr/data";
import { supervised } from "@simclr/methods";
import type { ClassifierNetwork } from "@simclr/models";
import { buildNetwork, digestsOfNetwork, type Freezing, fineTuneRecipe, precisionInputs } from "../build.js";
import type { LabelledTrainingConfig } from "../config/schema.js";
import type { RunImages } from "../images.js";
import { hookPlugins } from "../plugins/build-hooks.js";
import type { StageSummary } from "../results.js";
import { fingerprint, type RunFolder } from "../run/run-folder.js";
import { copyWeights } from "./copy-weights.js";
import { type LabelledSubset, withBudgetLength } from "./label-budget.js";
import type { Pretrained } from "./pretrain.js";
import type { StageEnvironment } from "./stage.js";
import { trainStage } from "./train-stage.js";

/** A trained classifier, which the networks of the sitting own. */
export interface Classified {
  readonly network: ClassifierNetwork;
  readonly inputs: string;
  readonly summary: StageSummary;
}

export interface ClassifyOptions {
  readonly name: "supervised" | "finetune" | "calibrate";
  readonly title: string;
  readonly training: LabelledTrainingConfig;
  /** Layers of the projection head that the network keeps. */
  readonly headLayer: number;
  /** All is trained where undefined. */
  readonly freezing?: Freezing;
  /** Where the encoder and the kept head layers start from; random where undefined. */
  readonly pretrained?: Pretrained;
  /** Whether the kept head layers start from random weights all the same. @defaultValue false */
  readonly hasRandomHead?: boolean;
}

/** Stage 2, and its control: trains the whole network on the labelled images. */
export async function classify(
  options: ClassifyOptions,
  images: RunImages,
  labelled: LabelledSubset,
  folder: RunFolder,
  random: Random,
  environment: StageEnvironment,
): Promise<Classified> {
  const { config, parts, networks } = environment;
  const { name, title, headLayer, freezing, pretrained, hasRandomHead = false } = options;
  const training = withBudgetLength(options.training, labelled);
  const weightsRandom = random.fork("weights", name);
  const classCount = images.classNames.length;
  const network = networks.own(buildNetwork(environment, classCount, headLayer, weightsRandom, {}, freezing));
  if (pretrained !== undefined) {
    const arrays = await readWeights([...pretrained.encoder.weights, ...pretrained.head.weights]);
    copyWeights(arrays, network.weights, hasRandomHead ? ["encoder/"] : ["encoder/", "head/"]);
  }
  const recipe = fineTuneRecipe(config, training);
  const inputs = fingerprint([
    config.seed,
    name,
    training,
    config.model,
    config.data.imageSize,
    headLayer,
    freezing ?? null,
    labelled.dataset.fingerprint,
    pretrained?.inputs ?? null,
    ...precisionInputs(config),
    ...(hasRandomHead ? ["random head"] : []),
    ...digestsOfNetwork(environment),
    ...hookPlugins(training, name, parts),
  ]);
  const summary = await trainStage(
    {
      title,
      folder: await folder.trained(inputs, labelled.tag, name),
      inputs,
      task: supervised({ network, recipe }),
      training,
      place: name,
      dataset: labelled.dataset,
      indices: labelledIndices(labelled.dataset),
      recipe,
      views: 1,
      random: random.fork(name, labelled.tag),
      description: {
        stage: name,
        network: network.describe(),
        classNames: images.classNames,
        imageSize: config.data.imageSize,
        labels: labelled.words,
      },
    },
    environment,
  );
  return { network, inputs, summary };
}
