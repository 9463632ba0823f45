import { encoderName, testRecipe } from "../build.js";
import type { StudentConfig } from "../config/schema.js";
import { percent } from "../percent.js";
import { type Classified, classify } from "../stages/classify.js";
import { distill } from "../stages/distill.js";
import type { LabelledSubset } from "../stages/label-budget.js";
import { featuresOf, logitsOf, measureLogits } from "../stages/measure.js";
import type { Pretrained } from "../stages/pretrain.js";
import { remember } from "./remember.js";
import { fingerprint } from "./run-folder.js";
import { addRow, type RunState } from "./run-state.js";
import { askTrainingImages, compareAnswers, type TrainingAnswers } from "./student-vs-teacher.js";

/** For one label budget: the control from scratch, fine-tuning, and unless `distils` is false every student. */
export async function trainWithLabels(
  state: RunState,
  pretrained: Pretrained,
  labelled: LabelledSubset,
  { distils = true } = {},
): Promise<void> {
  const { config, images, folder, random } = state;
  const { headLayer, headWeights, fineTuneAfter, freezeHead, ...finetuning } = config.finetune;
  const labels = labelled.words;
  if (config.supervised) {
    const title = `supervised from scratch with ${labels} labels`;
    const options = { name: "supervised", title, training: config.supervised, headLayer } as const;
    const control = await classify(options, images, labelled, folder, random, state);
    await addNetwork(state, "supervised from scratch", labelled, control, { isBaseline: true });
    control.network.dispose();
  }
  const title = `fine-tuning with ${labels} labels`;
  const options = {
    name: "finetune",
    title,
    training: finetuning,
    headLayer,
    pretrained,
    hasRandomHead: headWeights === "random",
    freezing: { fineTuneAfter, freezeHead },
  } as const;
  const teacher = await classify(options, images, labelled, folder, random, state);
  const answers = await addNetwork(state, "fine-tuned", labelled, teacher);
  if (config.distill && distils) {
    const first: Taught = { classified: teacher, answers, training: await trainingAnswers(state, teacher, labelled) };
    for (const student of config.distill.students) await distilRounds(state, student, first, pretrained, labelled);
  }
  teacher.network.dispose();
}

/** A network that may teach, and what it answers; on the first rank. */
interface Taught {
  readonly classified: Classified;
  readonly answers: readonly number[] | undefined;
  readonly training: TrainingAnswers | undefined;
}

/** One student, and those that it teaches in turn. */
async function distilRounds(
  state: RunState,
  student: StudentConfig,
  first: Taught,
  pretrained: Pretrained,
  labelled: LabelledSubset,
): Promise<void> {
  const { config, images, folder, random, events } = state;
  const settings = config.distill!;
  const { rounds, stopAgreement } = settings;
  let teacher = first;
  for (let round = 1; round <= rounds; round++) {
    const options = { settings, student, teacher: teacher.classified, round, pretrained, labelled };
    const classified = await distill(options, images, folder, random, state);
    const name = round === 1 ? student.name : `${student.name}, round ${round}`;
    const answers = await addNetwork(state, `distilled (${name})`, labelled, classified);
    const training = await trainingAnswers(state, classified, labelled);
    if (answers && training && teacher.answers && teacher.training)
      state.distillation.push(
        compareAnswers(
          { name: student.name, labels: labelled.words, round },
          { test: teacher.answers, training: teacher.training },
          { test: answers, training },
          images.test.labels,
        ),
      );
    if (teacher !== first) teacher.classified.network.dispose();
    teacher = { classified, answers, training };
    const agreement = classified.summary.metrics.agreement ?? 0;
    if (round < rounds && agreement >= stopAgreement) {
      events.line(
        `${student.name}: no further round: student and teacher agree on ${percent(agreement)} of the training crops`,
      );
      break;
    }
  }
  teacher.classified.network.dispose();
}

/** On the first rank, unless nothing is trained. */
async function trainingAnswers(
  { config, images, communicator, folder, rehearsal }: RunState,
  { network, inputs }: Classified,
  { dataset }: LabelledSubset,
): Promise<TrainingAnswers | undefined> {
  if (rehearsal !== undefined) return undefined;
  const key = fingerprint([inputs, config.seed, images.train.fingerprint, dataset.fingerprint]);
  const file = folder.stage("measured", `training-answers-${key}.json`);
  const rows = () => askTrainingImages(network, images.train, dataset, config, communicator);
  return remember({ file, inputs: key, rows, measure: (answers) => answers }, communicator);
}

/** Measures a network on the test images; gives the classes that it predicts, on the first rank, unless nothing is trained. */
async function addNetwork(
  state: RunState,
  method: string,
  labelled: LabelledSubset,
  { network, inputs, summary }: Classified,
  { isBaseline = false } = {},
): Promise<readonly number[] | undefined> {
  const { config, images, communicator, folder } = state;
  state.stages.push(summary);
  if (state.rehearsal !== undefined) return undefined;
  const key = fingerprint([inputs, images.test.fingerprint, config.data.imageSize, "answers and how sure they are"]);
  const protocol = `${encoderName(network.encoder)}, ${summary.steps} steps, centre crop`;
  const { batchSize } = config.evaluate;
  const measured = await remember(
    {
      file: folder.stage("measured", `network-${key}.json`),
      inputs: key,
      rows: () => featuresOf(images.test, testRecipe(config), batchSize, logitsOf(network), communicator),
      measure: (logits) => measureLogits(logits, protocol),
    },
    communicator,
  );
  if (measured === undefined) return undefined;
  addRow(state, method, labelled, measured, isBaseline);
  return measured.predictions;
}
