import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Augmentation } from "@simclr/augment";
import { type Communicator, DataError, type Dataset } from "@simclr/core";
import { subset } from "@simclr/data";
import { lockFolder } from "../run/folder-lock.js";
import { InterruptedError } from "./interrupted-error.js";
import { type Forward, featuresOf } from "./measure.js";
import { RowFile } from "./row-file.js";

/** Batches of one rank between two writes. */
const BATCHES_AT_A_TIME = 8;
/** Values of a `Float32Array` in Node.js 20, which holds 4 GiB. */
const MOST_VALUES = 2 ** 30 - 1;

export interface KeptRows {
  /** For people: "teacher logits with 100 labels". */
  readonly title: string;
  /** Of these rows alone; made if it is missing. */
  readonly folder: string;
  /** Hash of all that decides the rows. */
  readonly inputs: string;
  readonly dataset: Dataset;
  readonly recipe: readonly Augmentation[];
  readonly batchSize: number;
  /** `[N, width]` of a batch of N images. */
  readonly forward: Forward;
  readonly width: number;
}

/** Who makes them. */
interface Makers {
  readonly communicator: Communicator;
  readonly signal?: AbortSignal | undefined;
  readonly say: (text: string) => void;
}

/**
 * `forward` of all images in order, made once and kept in `rows.npy` of the folder. Collective: the ranks share the batches, which
 * are the same whatever their number; the first rank alone reads and writes. A sitting that was ended goes on behind the last rows
 * that are on the disk.
 *
 * @returns float32 `[images * width]`, the same on every rank.
 * @throws InterruptedError after a signal, on every rank; DataError where the rows do not fit into one array; ConfigError where
 *   another process makes them.
 */
export async function keptRows(rows: KeptRows, makers: Makers): Promise<Float32Array> {
  const { title, dataset, folder, inputs, width } = rows;
  if (dataset.size * width > MOST_VALUES)
    throw new DataError(
      `${title}: ${dataset.size} images with ${width} numbers each are ${((4 * dataset.size * width) / 2 ** 30).toFixed(1)} GiB, where an array holds 4. Let the teacher answer live.`,
      { subject: "distill.teacher", expected: "up to 4 GiB" },
    );
  const { communicator, say } = makers;
  if (communicator.rank > 0) return makeRows(rows, makers, undefined);
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(folder, say);
  const file = new RowFile(join(folder, "rows"), inputs, [dataset.size, width]);
  try {
    return await makeRows(rows, makers, file);
  } finally {
    await file.close();
    lock.release();
  }
}

/** @param file - On the first rank. */
async function makeRows(
  { title, dataset, recipe, batchSize, forward, width }: KeptRows,
  { communicator, signal, say }: Makers,
  file: RowFile | undefined,
): Promise<Float32Array> {
  const all = new Float32Array(dataset.size * width);
  const known = file === undefined ? 0 : await file.open(all);
  const batches = Float32Array.of(
    known === dataset.size ? Math.ceil(known / batchSize) : Math.floor(known / batchSize),
  );
  await communicator.broadcast(batches, 0); // an integer below 2^24
  const start = Math.min(dataset.size, batches[0]! * batchSize);
  file?.keep(start);
  if (start > 0) await communicator.broadcast(all.subarray(0, start * width), 0);
  if (start < dataset.size) say(`${title}: ${dataset.size} images${start > 0 ? `, going on from ${start}` : ""}`);
  const atATime = BATCHES_AT_A_TIME * batchSize * communicator.size;
  for (let from = start; from < dataset.size; from += atATime) {
    if (await anyRankStops(communicator, signal))
      throw new InterruptedError(`${title}: stopped after ${from} images; the same command goes on from there.`);
    const count = Math.min(atATime, dataset.size - from);
    const part = subset(
      dataset,
      Int32Array.from({ length: count }, (_, i) => from + i),
    );
    const { values } = await featuresOf(part, recipe, batchSize, forward, communicator);
    all.set(values, from * width);
    await file?.append(values);
  }
  await communicator.barrier(); // all is written
  await file?.finish(all);
  return all;
}

async function anyRankStops(communicator: Communicator, signal: AbortSignal | undefined): Promise<boolean> {
  const wanted = Float32Array.of(signal?.aborted ? 1 : 0);
  await communicator.allReduce(wanted, "max");
  return wanted[0]! > 0;
}
