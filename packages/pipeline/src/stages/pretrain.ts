import type { Random } from "@simclr/core";
import { simClr } from "@simclr/methods";
import type { Encoder, ProjectionHead } from "@simclr/models";
import { buildEncoder, buildHead, pretrainLoss, pretrainRecipe } from "../build.js";
import type { RunImages } from "../images.js";
import type { StageSummary } from "../results.js";
import { fingerprint, type RunFolder } from "../run/run-folder.js";
import { type StageEnvironment, trainStage } from "./train-stage.js";

/** The pretrained encoder and head; the caller disposes them. */
export interface Pretrained {
  readonly encoder: Encoder;
  readonly head: ProjectionHead;
  readonly inputs: string;
  readonly summary: StageSummary;
}

/** Stage 1: SimCLR on all training images, without labels. */
export async function pretrain(
  images: RunImages,
  folder: RunFolder,
  random: Random,
  environment: StageEnvironment,
): Promise<Pretrained> {
  const { config, parts } = environment;
  const { temperature, scale } = config.pretrain;
  const weightsRandom = random.fork("weights");
  const encoder = buildEncoder(config, weightsRandom);
  const head = buildHead(config, encoder, weightsRandom);
  const { recipe } = pretrainRecipe(config, parts);
  const loss = pretrainLoss(config, parts)?.ofViews;
  const inputs = fingerprint([
    config.seed,
    config.pretrain,
    config.model,
    config.data.imageSize,
    config.data.channels,
    images.unlabelled.fingerprint,
    parts.plugins.map(({ name, version, sha256 }) => [name, version ?? "", sha256]),
  ]);
  const summary = await trainStage(
    {
      title: "pretraining",
      folder: folder.stage("pretrain"),
      inputs,
      task: simClr({ encoder, head, recipe, temperature, scale, ...(loss && { loss }) }),
      training: config.pretrain,
      dataset: images.unlabelled,
      recipe,
      views: 2,
      random: random.fork("pretrain"),
      description: {
        stage: "pretrain",
        encoder: encoder.describe(),
        head: head.describe(),
        imageSize: config.data.imageSize,
      },
    },
    environment,
  );
  return { encoder, head, inputs, summary };
}
