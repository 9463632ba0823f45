import { type Random, readWeights } from "@simclr/core";
import { labelledIndices } from "@simclr/data";
import { distillation } from "@simclr/distill";
import { buildNetwork } from "../build.js";
import type { Config, StudentConfig } from "../config/schema.js";
import type { RunImages } from "../images.js";
import { hookPlugins } from "../plugins/build-hooks.js";
import { fingerprint, type RunFolder } from "../run/run-folder.js";
import type { Classified } from "./classify.js";
import { copyWeights } from "./copy-weights.js";
import type { LabelledSubset } from "./label-budget.js";
import type { Pretrained } from "./pretrain.js";
import type { StageEnvironment } from "./stage.js";
import { cachedTeaching, liveTeaching, type Teaches } from "./teaching.js";
import { trainStage } from "./train-stage.js";

/** One student of one round. */
export interface DistillOptions {
  readonly settings: NonNullable<Config["distill"]>;
  readonly student: StudentConfig;
  /** The fine-tuned network with those of `distill.teachers`, or from the second round on the student of the round before. */
  readonly teacher: Teaches;
  /** From 1. */
  readonly round: number;
  readonly pretrained: Pretrained;
  readonly labelled: LabelledSubset;
}

/** Stage 3: a student learns its teacher's answers on all training images. */
export async function distill(
  options: DistillOptions,
  images: RunImages,
  folder: RunFolder,
  random: Random,
  environment: StageEnvironment,
): Promise<Classified> {
  const { settings, student, teacher, round, pretrained, labelled } = options;
  const { config, networks } = environment;
  const { alpha, teacherTemperature, minConfidence, temperature: defaultTemperature, ...rest } = settings;
  const { students: _students, rounds: _rounds, stopAgreement: _stopAgreement, images: shown, ...others } = rest;
  const { studentAugmentation, teacher: answers = "live", teachers: _teachers, ...training } = others;
  const temperature = student.temperature ?? defaultTemperature;
  const name = `distill-${student.name}${round > 1 ? `-${round}` : ""}`;
  // The student has no projection head (reference, section 8), unless it continues from the teacher's own weights.
  const headLayer = student.initialize === "teacher" ? config.finetune.headLayer : 0;
  const weightsRandom = random.fork("weights", name);
  const classCount = images.classNames.length;
  const network = networks.own(buildNetwork(environment, classCount, headLayer, weightsRandom, student));
  if (student.initialize === "teacher") {
    copyWeights(await readWeights(teacher.network.weights), network.weights, ["encoder/", "head/", "classifier/"]);
  } else if (student.initialize === "pretrained") {
    copyWeights(await readWeights(pretrained.encoder.weights), network.weights, ["encoder/"]);
  }
  const { parts } = environment;
  const inputs = fingerprint([
    ...(shown === "labelled" ? [shown, labelled.dataset.fingerprint] : []),
    ...(answers === "cached" ? [answers] : []),
    ...(studentAugmentation ? [studentAugmentation, parts.plugins.map(({ sha256 }) => sha256)] : []),
    ...[training, alpha, temperature, teacherTemperature ?? null, minConfidence],
    ...[student, teacher.inputs, images.unlabelled.fingerprint],
    ...hookPlugins(training, "distill", parts),
  ]);
  const logits = `teacher-logits${round > 1 ? `-${student.name}-${round}` : ""}`;
  const { prepare, ...teaching } =
    answers === "cached"
      ? await cachedTeaching(teacher, logits, images, labelled, folder, environment)
      : liveTeaching(teacher, training, environment);
  const summary = await trainStage(
    {
      title: `distilling (${student.name}${round > 1 ? `, round ${round}` : ""}) with ${labelled.words} labels`,
      folder: await folder.trained(inputs, labelled.tag, name),
      inputs,
      task: distillation({
        ...teaching,
        ...{ student: network, temperature, alpha, minConfidence, teacherTemperature },
      }),
      ...(prepare && { prepare }),
      training,
      place: "distill",
      dataset: alpha < 1 || shown === "labelled" ? labelled.dataset : images.unlabelled,
      ...(shown === "labelled" && { indices: labelledIndices(labelled.dataset) }),
      recipe: teaching.recipe,
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
