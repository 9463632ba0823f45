import { appendFile, mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { checkInteger, readWeights } from "@simclr/core";
import { defineHook, type TrainerHook, type TrainingRun } from "../../hooks.js";
import { syncFile } from "../drop-lines.js";
import { type EncodedImage, type SummaryValue, sessionStartRecord, summaryRecord, versionRecord } from "./event.js";
import { histogramOf } from "./histogram.js";

/** Pictures by their tags. */
export type Pictures = Readonly<Record<string, EncodedImage>>;

export interface TensorBoardHookOptions {
  /** Numbers of every so many steps are written. @defaultValue 1 */
  readonly everySteps?: number;
  /** Histograms of the trained weights every so many steps, and at the end; 0 for none. @defaultValue 0 */
  readonly histogramsEvery?: number;
  /** Asked for pictures when a run begins, and at every evaluation. @defaultValue none */
  readonly pictures?: ((run: TrainingRun) => Promise<Pictures> | Pictures) | undefined;
}

/** Files of one process in one second have different names. */
let count = 0;

/**
 * Writes TensorBoard event files into a folder: `train/…` for the loss, the metrics and the learning rate of steps, `epoch/…`
 * for means over epochs, `evaluate/…` for evaluations, `weights/…` for histograms, and pictures. A resumed run adds a file
 * that tells TensorBoard to forget what older ones have from its first step on. Only rank 0 writes.
 *
 * @throws InvalidArgumentError if an option is out of range.
 */
export function tensorBoardHook(folder: string, options: TensorBoardHookOptions = {}): TrainerHook {
  const { everySteps = 1, histogramsEvery = 0, pictures } = options;
  checkInteger("tensorBoardHook", { everySteps }, 1);
  checkInteger("tensorBoardHook", { histogramsEvery });
  let file = "";
  const write = async (step: number, values: readonly SummaryValue[]): Promise<void> => {
    if (values.length > 0) await appendFile(file, summaryRecord({ wallTime: Date.now() / 1000, step, values }));
  };
  const writePictures = async (run: TrainingRun): Promise<void> => {
    if (pictures === undefined) return;
    await write(
      run.step,
      Object.entries(await pictures(run)).map(([tag, image]) => ({ tag, image })),
    );
  };
  const writeHistograms = async ({ task, step }: TrainingRun): Promise<void> => {
    const weights = Object.entries(await readWeights(task.weights));
    await write(
      step,
      weights.map(([name, { data }]) => ({ tag: `weights/${name}`, histogram: histogramOf(data) })),
    );
  };
  return defineHook({
    name: "tensorboard",
    async trainStart(run) {
      if (run.communicator.rank !== 0) return;
      await mkdir(folder, { recursive: true });
      const wallTime = Date.now() / 1000;
      const second = String(Math.floor(wallTime)).padStart(10, "0");
      file = join(folder, `events.out.tfevents.${second}.${hostname()}.${process.pid}.${count++}`);
      await appendFile(file, Buffer.concat([versionRecord(wallTime), sessionStartRecord(wallTime, run.startStep)]));
      await writePictures(run);
    },
    async stepEnd(run, { step, loss, learningRate, imagesPerSecond, dataWaitMs, metrics }) {
      if (run.communicator.rank !== 0) return;
      if (step % everySteps === 0)
        await write(step, scalars("train", { loss, learningRate, imagesPerSecond, dataWaitMs, ...metrics }));
      const isDue = histogramsEvery > 0 && (run.step % histogramsEvery === 0 || run.step === run.totalSteps);
      if (isDue) await writeHistograms(run);
    },
    async epochEnd(run, { step, meanLoss, imagesPerSecond, metrics }) {
      if (run.communicator.rank === 0) await write(step, scalars("epoch", { meanLoss, imagesPerSecond, ...metrics }));
    },
    async evaluate(run, { step, metrics }) {
      if (run.communicator.rank !== 0) return;
      await write(step, scalars("evaluate", metrics));
      await writePictures(run);
    },
    async checkpoint({ communicator }) {
      if (communicator.rank === 0) await syncFile(file);
    },
  });
}

const scalars = (group: string, numbers: Readonly<Record<string, number>>): SummaryValue[] =>
  Object.entries(numbers).map(([name, scalar]) => ({ tag: `${group}/${name}`, scalar }));
