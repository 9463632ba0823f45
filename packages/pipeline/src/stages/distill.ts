import { type Random, readWeights } from "@simclr/core";
import { distillation } from "@simclr/distill";
import { buildNetwork, fineTuneRecipe } from "../build.js";
import type { Config, StudentConfig } from "../config/schema.js";
import type { RunImages } from "../images.js";
import { hookPlugins } from "../plugins/build-hooks.js";
import { fingerprint, type RunFolder } from "../run/run-folder.js";
import type { Classified } from "./classify.js";
import { copyWeights } from "./copy-weights.js";
import type { LabelledSubset } from "./label-budget.js";
import type { Pretrained } from "./pretrain.js";
import { type StageEnvironment, trainStage } from "./train-stage.js";

/** Stage 3: a student learns the fine-tuned teacher's answers on all training images. The caller disposes the network. */
export async function distill(
  settings: NonNullable<Config["distill"]>,
  student: StudentConfig,
  teacher: Classified,
  pretrained: Pretrained,
  images: RunImages,
  labelled: LabelledSubset,
  folder: RunFolder,
  random: Random,
  environment: StageEnvironment,
): Promise<Classified> {
  const { config } = environment;
  const { alpha, students: _students, temperature: defaultTemperature, ...training } = settings;
  const temperature = student.temperature ?? defaultTemperature;
  const name = `distill-${student.name}`;
  // The student has no projection head (reference, section 8), unless it continues from the teacher's own weights.
  const headLayer = student.initialize === "teacher" ? config.finetune.headLayer : 0;
  const network = buildNetwork(environment, images.classNames.length, headLayer, random.fork("weights", name), student);
  if (student.initialize === "teacher") {
    copyWeights(await readWeights(teacher.network.weights), network.weights, ["encoder/", "head/", "classifier/"]);
  } else if (student.initialize === "pretrained") {
    copyWeights(await readWeights(pretrained.encoder.weights), network.weights, ["encoder/"]);
  }
  const recipe = fineTuneRecipe(config, training);
  const inputs = fingerprint([
    training,
    alpha,
    temperature,
    student,
    teacher.inputs,
    images.unlabelled.fingerprint,
    ...hookPlugins(training, "distill", environment.parts),
  ]);
  const summary = await trainStage(
    {
      title: `distilling (${student.name}) with ${labelled.words} labels`,
      folder: folder.stage(labelled.tag, name),
      inputs,
      task: distillation({ teacher: teacher.network, student: network, recipe, temperature, alpha }),
      training,
      place: "distill",
      dataset: alpha < 1 ? labelled.dataset : images.unlabelled,
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
