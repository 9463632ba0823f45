import { splitCrop } from "@simclr/augment";
import { type Communicator, ConfigError, type Random } from "@simclr/core";
import { gatherRows } from "@simclr/distributed";
import { type MethodTask, type MethodTaskOptions, methodTask, type SimClrOptions, simClr } from "@simclr/methods";
import type { Encoder, ProjectionHead } from "@simclr/models";
import { collapseHook } from "@simclr/trainer";
import { buildEncoder, buildHead, precisionInputs, pretrainLoss, pretrainRecipe } from "../build.js";
import type { RunImages } from "../images.js";
import { pretrainMethod } from "../plugins/build-method.js";
import type { StageSummary } from "../results.js";
import { fingerprint, type RunFolder } from "../run/run-folder.js";
import { loadPretrained } from "./load-pretrained.js";
import { onlineEvaluation } from "./online-evaluation.js";
import type { StageEnvironment } from "./stage.js";
import { trainStage } from "./train-stage.js";

/** The pretrained encoder and head, which the networks of the sitting own. */
export interface Pretrained {
  readonly encoder: Encoder;
  readonly head: ProjectionHead;
  readonly inputs: string;
  /** Undefined where the encoder is taken as it was given. */
  readonly summary: StageSummary | undefined;
}

/**
 * Stage 1: the configured method on all training images, without labels, from random weights or from those of
 * `config.pretrained`; or these as they are.
 */
export async function pretrain(
  images: RunImages,
  folder: RunFolder,
  random: Random,
  environment: StageEnvironment,
): Promise<Pretrained> {
  const { config, parts, networks } = environment;
  const weightsRandom = random.fork("weights");
  const encoder = networks.own(buildEncoder(environment, weightsRandom));
  const head = networks.own(buildHead(environment, encoder, weightsRandom));
  const { recipe } = pretrainRecipe(config, parts);
  const loss = pretrainLoss(config, parts)?.ofViews;
  const start = config.pretrained && (await loadPretrained(config.pretrained, config, encoder, head));
  const inputs = fingerprint([
    ...(start === undefined ? [] : [start]),
    config.seed,
    config.method,
    config.pretrain,
    config.model,
    config.data.imageSize,
    config.data.channels,
    images.unlabelled.fingerprint,
    ...precisionInputs(config),
    parts.plugins.map(({ name, version, sha256 }) => [name, version ?? "", sha256]),
  ]);
  if (config.pretrain.steps === 0) return { encoder, head, inputs, summary: undefined };
  const { batchSize, effectiveBatch = batchSize, onCollapse } = config.pretrain;
  const network = { encoder, head, recipe, random: weightsRandom, gather: gatherRows };
  const task = networks.own(pretrainTask(environment, network, loss));
  checkCrops(task, images, config.method.name);
  const summary = await trainStage(
    {
      title: config.method.name === "simclr" ? "pretraining" : `pretraining (${config.method.name})`,
      folder: await folder.trained(inputs, "pretrain"),
      inputs,
      task,
      training: { ...config.pretrain, batchSize: effectiveBatch },
      place: "pretrain",
      measures: onlineEvaluation(images, encoder, random, environment),
      hooks: [collapseHook({ warn: (text) => environment.events.line(`warning: ${text}`), action: onCollapse })],
      dataset: images.unlabelled,
      recipe,
      views: task.views.length,
      random: random.fork("pretrain"),
      description: {
        stage: "pretrain",
        method: config.method,
        encoder: encoder.describe(),
        head: head.describe(),
        imageSize: config.data.imageSize,
      },
    },
    environment,
  );
  networks.dispose(task);
  return { encoder, head, inputs, summary };
}

/** The method's task; with a loss that stands in for NT-Xent, SimCLR's. */
function pretrainTask(
  plan: StageEnvironment,
  network: Omit<MethodTaskOptions<object>, "method" | "options" | "microBatch" | "statisticsParts">,
  loss: SimClrOptions["loss"],
): MethodTask {
  const { batchSize, effectiveBatch, statisticsParts } = plan.config.pretrain;
  const { method, options } = pretrainMethod(plan);
  const { name } = method;
  const microBatch = effectiveBatch === undefined ? undefined : partOfRank(batchSize, plan.communicator);
  if (loss === undefined) return methodTask({ ...network, method, options, microBatch, statisticsParts });
  const { random: _drawsNothing, ...parts } = network;
  if (name === "simclr") return simClr({ ...parts, ...options, loss, microBatch, statisticsParts });
  throw new ConfigError(
    `pretrain.loss: a loss of two projections stands in for NT-Xent in the method simclr; \`method.name\` is ${name}. Remove one of them.`,
    { subject: "pretrain.loss", expected: "method simclr", received: name },
  );
}

/** Each rank's share of the images that go through the network at a time. */
function partOfRank(batchSize: number, { size }: Communicator): number {
  if (batchSize % size === 0) return batchSize / size;
  throw new ConfigError(
    `pretrain.batchSize: must be a multiple of ${size}, the number of ranks; received ${batchSize}. Change it, or the number of ranks.`,
    { subject: "pretrain.batchSize", expected: `a multiple of ${size}`, received: String(batchSize) },
  );
}

/** Images of mixed sizes are cropped where they are decoded, by one crop for all views. */
function checkCrops({ views }: MethodTask, { unlabelled }: RunImages, name: string): void {
  const crops = new Set(views.map((recipe) => JSON.stringify(splitCrop(recipe).crop)));
  if (unlabelled.imageShape !== undefined || crops.size === 1) return;
  throw new ConfigError(
    `method: ${name} takes views of several sizes, which needs training images that all have one size; those of ${unlabelled.name} differ. Resize them, or set method.smallViews to 0.`,
    { subject: "method.smallViews", expected: "images of one size" },
  );
}
