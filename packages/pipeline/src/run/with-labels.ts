import { encoderName, testRecipe } from "../build.js";
import type { StudentConfig } from "../config/schema.js";
import { percent } from "../percent.js";
import { type Classified, classify } from "../stages/classify.js";
import { distill } from "../stages/distill.js";
import type { LabelledSubset } from "../stages/label-budget.js";
import { featuresOf, measureLogits } from "../stages/measure.js";
import { answersOf, loadOtherTeachers, type OtherTeacher } from "../stages/other-teachers.js";
import type { Pretrained } from "../stages/pretrain.js";
import type { Teaches } from "../stages/teaching.js";
import { remember } from "./remember.js";
import { fingerprint } from "./run-folder.js";
import { addRow, type RunStage, type RunState } from "./run-state.js";
import { askTrainingImages, compareAnswers, type TrainingAnswers } from "./student-vs-teacher.js";

/** Whether there are students, and who teaches them beside the fine-tuned network. */
export interface Teaching {
  readonly distils: boolean;
  readonly others: readonly OtherTeacher[];
}

/** For a run that ends with `until`. */
export async function loadTeaching(
  { config, images, networks }: RunState,
  until: RunStage | undefined,
): Promise<Teaching> {
  const distils = until === undefined || until === "distill";
  return { distils, others: distils ? await loadOtherTeachers(config, images.classNames, networks) : [] };
}

/**
 * For one label budget: the control from scratch, fine-tuning, and unless `distils` is false every student, whose teacher is the
 * fine-tuned network with `others`.
 */
export async function trainWithLabels(
  state: RunState,
  pretrained: Pretrained,
  labelled: LabelledSubset,
  { distils, others }: Teaching,
): Promise<void> {
  const { config, images, folder, random, networks } = state;
  const { headLayer, headWeights, fineTuneAfter, freezeHead, ...finetuning } = config.finetune;
  const labels = labelled.words;
  if (config.supervised) {
    const title = `supervised from scratch with ${labels} labels`;
    const options = { name: "supervised", title, training: config.supervised, headLayer } as const;
    const control = await classify(options, images, labelled, folder, random, state);
    await addNetwork(state, "supervised from scratch", labelled, control, { isBaseline: true });
    networks.dispose(control.network);
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
    const first = await firstTeacher(state, labelled, teacher, answers, others);
    for (const student of config.distill.students) await distilRounds(state, student, first, pretrained, labelled);
  }
  networks.dispose(teacher.network);
}

/** A network that may teach, and what it answers; on the first rank. */
interface Taught {
  readonly teaches: Teaches;
  readonly answers: readonly number[] | undefined;
  readonly training: TrainingAnswers | undefined;
}

/** The fine-tuned network, or an ensemble of it and others, which is then measured too. */
async function firstTeacher(
  state: RunState,
  labelled: LabelledSubset,
  { network, inputs }: Classified,
  answers: readonly number[] | undefined,
  others: readonly OtherTeacher[],
): Promise<Taught> {
  if (others.length === 0) {
    const teaches = { network, inputs, others: [] };
    return { teaches, answers, training: await trainingAnswers(state, teaches, labelled) };
  }
  const all = fingerprint([inputs, ...others.map(({ digest }) => digest)]);
  const teaches = { network, inputs: all, others: others.map((each) => each.network) };
  const count = others.length + 1;
  const protocol = `mean of the probabilities of ${count} networks, centre crop`;
  const ofAll = await measureTeaching(state, `ensemble of ${count} teachers`, labelled, teaches, protocol);
  return { teaches, answers: ofAll, training: await trainingAnswers(state, teaches, labelled) };
}

/** One student, and those that it teaches in turn. */
async function distilRounds(
  state: RunState,
  student: StudentConfig,
  first: Taught,
  pretrained: Pretrained,
  labelled: LabelledSubset,
): Promise<void> {
  const { config, images, folder, random, events, networks } = state;
  const settings = config.distill!;
  const { rounds, stopAgreement } = settings;
  let teacher = first;
  for (let round = 1; round <= rounds; round++) {
    const options = { settings, student, teacher: teacher.teaches, round, pretrained, labelled };
    const classified = await distill(options, images, folder, random, state);
    const name = round === 1 ? student.name : `${student.name}, round ${round}`;
    const answers = await addNetwork(state, `distilled (${name})`, labelled, classified);
    const teaches = { network: classified.network, inputs: classified.inputs, others: [] };
    const training = await trainingAnswers(state, teaches, labelled);
    if (answers && training && teacher.answers && teacher.training)
      state.distillation.push(
        compareAnswers(
          { name: student.name, labels: labelled.words, round },
          { test: teacher.answers, training: teacher.training },
          { test: answers, training },
          images.test.labels,
        ),
      );
    if (teacher !== first) networks.dispose(teacher.teaches.network);
    teacher = { teaches, answers, training };
    const agreement = classified.summary.metrics.agreement ?? 0;
    if (round < rounds && agreement >= stopAgreement) {
      events.line(
        `${student.name}: no further round: student and teacher agree on ${percent(agreement)} of the training crops`,
      );
      break;
    }
  }
  networks.dispose(teacher.teaches.network);
}

/** On the first rank, unless nothing is trained. */
async function trainingAnswers(
  { config, images, communicator, folder, rehearsal }: RunState,
  { network, inputs, others }: Teaches,
  { dataset }: LabelledSubset,
): Promise<TrainingAnswers | undefined> {
  if (rehearsal !== undefined) return undefined;
  const key = fingerprint([inputs, config.seed, images.train.fingerprint, dataset.fingerprint]);
  const file = folder.stage("measured", `training-answers-${key}.json`);
  const rows = () => askTrainingImages(answersOf(network, others), images.train, dataset, config, communicator);
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
  state.stages.push(summary);
  const protocol = `${encoderName(network.encoder)}, ${summary.steps} steps, centre crop`;
  return measureTeaching(state, method, labelled, { network, inputs, others: [] }, protocol, isBaseline);
}

/** Measures a network, or the ensemble that it is in, on the test images; gives the classes that it predicts, on the first rank. */
async function measureTeaching(
  state: RunState,
  method: string,
  labelled: LabelledSubset,
  { network, inputs, others }: Teaches,
  protocol: string,
  isBaseline = false,
): Promise<readonly number[] | undefined> {
  const { config, images, communicator, folder } = state;
  if (state.rehearsal !== undefined) return undefined;
  const key = fingerprint([inputs, images.test.fingerprint, config.data.imageSize, "answers and how sure they are"]);
  const { batchSize } = config.evaluate;
  const measured = await remember(
    {
      file: folder.stage("measured", `network-${key}.json`),
      inputs: key,
      rows: () => featuresOf(images.test, testRecipe(config), batchSize, answersOf(network, others), communicator),
      measure: (logits) => measureLogits(logits, protocol),
    },
    communicator,
  );
  if (measured === undefined) return undefined;
  addRow(state, method, labelled, measured, isBaseline);
  return measured.predictions;
}
