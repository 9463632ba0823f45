import { relative } from "node:path";
import { Random } from "@simclr/core";
import {
  type EfficiencyPoint,
  type EmbeddingMap,
  type NeighbourSheet,
  type ViewSheet,
  viewSheet,
} from "@simclr/report";
import { writeFileAtomic } from "@simclr/trainer/node";
import { pretrainRecipe } from "../build.js";
import { drawableImage } from "../drawable-image.js";
import { viewsOfImage } from "../preview-sheet.js";
import { accuracyRows, type MeasuredRow } from "../results.js";
import type { RunState } from "../run/run-state.js";
import { pretrainingLoss } from "./curves.js";
import { bestNetwork, confusionOf, reliabilitiesOf } from "./networks.js";
import { writeRunReport } from "./report-data.js";
import { encoded, RECORD, type ReportRecord, type StageStart } from "./report-record.js";
import { ShownImages } from "./shown-images.js";
import type { Survey } from "./survey.js";
import { distillationFacts, teacherStudent } from "./teacher-student.js";

/** Images on the sheet of augmented views, and views of each. */
const SHEET_IMAGES = 6;
const SHEET_VIEWS = 6;
/** Before the first report of a run that trains, and between two; what they are made of is written at every stage. */
const LEAST_SECONDS = 10;

/** Keeps the record of a run, from which its report is made; on the first rank. */
export class RunReport {
  /** What the encoder makes of the images, once it is known. */
  survey: Survey | undefined;
  readonly #facts: () => Readonly<Record<string, string>>;
  readonly #stages: StageStart[] = [];
  #shown: ShownImages | undefined;
  #views: ViewSheet | undefined;
  #reportedMs = performance.now();

  /** @param facts - Says what one must know to repeat the run. */
  constructor(facts: () => Readonly<Record<string, string>>) {
    this.#facts = facts;
  }

  /** Takes note of a stage that is trained now, or was done before. */
  async stageStarts(state: RunState, stage: StageStart, isDone: boolean): Promise<void> {
    this.#stages.push({ ...stage, folder: relative(state.folder.path, stage.folder) });
    if (!isDone) await this.write(state);
  }

  /** Writes what is known, and the report unless there was one just now. */
  async write(state: RunState): Promise<void> {
    await this.#record(state, false);
    if (performance.now() - this.#reportedMs < 1000 * LEAST_SECONDS) return;
    await writeRunReport(state.folder.path);
    this.#reportedMs = performance.now();
  }

  /** Writes the record and the report of a run that has ended; gives the file. */
  async finish(state: RunState): Promise<string> {
    await this.#record(state, true);
    return writeRunReport(state.folder.path);
  }

  async #record(state: RunState, isFinished: boolean): Promise<void> {
    const { config, images, folder, rows, calibration, distillation, stages } = state;
    this.#views ??= await drawViews(state);
    this.#shown ??= new ShownImages(images);
    const { survey } = this;
    const best = bestNetwork(rows);
    const report: ReportRecord["report"] = {
      title: config.name,
      createdAt: new Date().toISOString(),
      accuracy: accuracyRows(rows, images.test.labels),
      ...(calibration.length > 0 && { calibration }),
      ...(survey && mapAndNeighbours(survey, state, this.#shown)),
      labelEfficiency: efficiencyOf(rows, survey),
      ...(best && { confusion: confusionOf(best, images, this.#shown), reliability: reliabilitiesOf(rows, best) }),
      distillation: distillation.map(teacherStudent),
      distillationFacts: distillationFacts(stages),
      facts: Object.entries(this.#facts()).map(([name, value]) => ({ name, value })),
      skipped: images.skipped,
    };
    const thumbnails = await this.#shown.draw();
    const record: ReportRecord = {
      ...{ formatVersion: 1, isFinished, stages: this.#stages, pretrainingLoss: pretrainingLoss(config), report },
      ...(thumbnails && { thumbnails: withText(thumbnails, "file") }),
      ...(this.#views && { views: withText(this.#views, "png") }),
    };
    await writeFileAtomic(folder.stage(RECORD), `${JSON.stringify(record)}\n`);
  }
}

/** With its bytes as text. */
function withText<Key extends string, T extends Record<Key, Uint8Array>>(value: T, key: Key) {
  const { [key]: bytes, ...rest } = value;
  return { ...rest, base64: encoded(bytes) };
}

function mapAndNeighbours(survey: Survey, { images }: RunState, shown: ShownImages) {
  const { train, test, classNames } = images;
  const map: EmbeddingMap = {
    title: `${survey.map.length} test images by the pretrained encoder`,
    classNames,
    points: survey.map.map(({ index, x, y }) => ({ ...shown.show("test", index), x, y, label: test.labels[index]! })),
  };
  const neighbours: NeighbourSheet = {
    title: "Test images and the training images most like them, by the pretrained encoder",
    rows: survey.neighbours.map(({ index, nearest }) => ({
      query: { ...shown.show("test", index), label: classNames[test.labels[index]!] },
      neighbours: nearest.map(({ index: near, similarity }) => ({
        ...{ ...shown.show("train", near), label: classNames[train.labels[near]!], similarity },
      })),
    })),
  };
  return { map, neighbours };
}

/** All rows, and kNN with few labels. */
function efficiencyOf(rows: readonly MeasuredRow[], survey: Survey | undefined): EfficiencyPoint[] {
  const measured = rows.map(({ method, labelCount, top1, testCount }) => ({ method, labelCount, top1, testCount }));
  const few = (survey?.fewLabels ?? [])
    .filter(({ labelCount }) => !measured.some((row) => row.method === "kNN" && row.labelCount === labelCount))
    .map((point) => ({ method: "kNN", testCount: rows[0]?.testCount ?? 1, ...point }));
  return [...measured, ...few];
}

/** A few training images beside the views that pretraining draws of them. */
async function drawViews({ images, config, parts }: RunState): Promise<ViewSheet | undefined> {
  const { unlabelled, train } = images;
  const random = Random.fromSeed(config.seed).fork("sheet");
  const { recipe } = pretrainRecipe(config, parts);
  const indices = random.permutation(unlabelled.size).slice(0, SHEET_IMAGES);
  const original = await Promise.all([...indices].map((index) => train.read(index)));
  const views = await Promise.all(
    original.map((image, i) => viewsOfImage(image, indices[i]!, recipe, random, SHEET_VIEWS)),
  );
  const { channels } = config.data;
  const drawn = [1, 3, 4].includes(channels) ? "" : `, drawn as the mean of their ${channels} channels`;
  return viewSheet({
    original: original.map(drawableImage),
    views: views.map((row) => row.map(drawableImage)),
    caption: `Training images and the random views that pretraining sees of them${drawn}`,
  });
}
