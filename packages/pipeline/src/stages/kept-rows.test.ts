import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate } from "@simclr/augment";
import { useBackend } from "@simclr/backends";
import { shapes } from "@simclr/data";
import { meetingRanks } from "@simclr/distributed/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keptRows } from "./kept-rows.js";
import type { Forward } from "./measure.js";

const IMAGES = 70;
const dataset = shapes({ split: "train", size: IMAGES });

let folder = "";
/** Batches that were put through, on all ranks. */
let passes = 0;
beforeAll(() => useBackend("cpu"));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-rows-"));
  passes = 0;
});
afterEach(() => rm(folder, { recursive: true }));

/** Mean red, green and blue of each image. */
const colours: Forward = (images) => {
  passes++;
  return tf.mean(images, [1, 2]) as tf.Tensor2D;
};

const onRanks = (size: number, { inputs = "one", forward = colours, signal }: MakeOptions = {}) =>
  Promise.all(
    meetingRanks(size).map((communicator) => {
      const rows = {
        title: "colours",
        folder,
        inputs,
        dataset,
        recipe: evaluate({ size: 32 }),
        batchSize: 2,
        width: 3,
      };
      return keptRows({ ...rows, forward }, { communicator, signal, say: () => {} });
    }),
  );
interface MakeOptions {
  readonly inputs?: string;
  readonly forward?: Forward;
  readonly signal?: AbortSignal;
}

const file = (name = "rows.npy") => join(folder, name);

describe("rows that are kept", () => {
  it("are those of the images, in order, in a file that NumPy reads", async () => {
    const [rows] = await onRanks(1);
    const { data } = await dataset.read(41);
    const red = data.reduce((sum, value, i) => sum + (i % 3 === 0 ? value : 0), 0) / 255 / 1024;
    expect(rows![41 * 3]).toBeCloseTo(red, 5);
    const bytes = await readFile(file());
    expect(bytes.subarray(0, 6).toString("latin1")).toBe("\x93NUMPY");
    expect(bytes.subarray(10, 64).toString("latin1")).toContain(`'<f4','fortran_order':False,'shape':(${IMAGES},3)`);
    expect(bytes.subarray(64)).toEqual(Buffer.from(rows!.buffer));
  });

  it.each([2, 3])("are the same bytes on %d ranks, of which each makes a part", async (size) => {
    const [alone] = await onRanks(1);
    const [bytes, all] = [await readFile(file()), passes];
    await rm(file());
    passes = 0;
    for (const rows of await onRanks(size)) expect(rows).toEqual(alone);
    expect(await readFile(file())).toEqual(bytes);
    expect(passes).toBe(all); // none twice
  });

  it("are made once, and again where they are not as they were written, or of other inputs", async () => {
    const [first] = await onRanks(2);
    passes = 0;
    expect(await onRanks(3)).toEqual([first, first, first]);
    expect(passes).toBe(0);
    const bytes = await readFile(file());
    bytes[300]! ^= 1;
    await writeFile(file(), bytes);
    expect(await onRanks(1)).toEqual([first]);
    expect(passes).toBe(IMAGES / 2);
    passes = 0;
    await onRanks(1, { inputs: "other" });
    expect(passes).toBe(IMAGES / 2);
  });

  it("go on behind those that are on the disk, with another number of ranks too", async () => {
    const [whole] = await onRanks(1);
    const bytes = await readFile(file());
    await rm(file("rows.json"));
    // Two ranks are stopped after their first 32 images, in the middle of writing the next row.
    const stop = new AbortController();
    const forward: Forward = (images) => {
      stop.abort();
      return colours(images);
    };
    await expect(onRanks(2, { forward, signal: stop.signal })).rejects.toThrow("colours: stopped after 32 images");
    await appendFile(file(), "a row's b");
    passes = 0;
    for (const rows of await onRanks(3)) expect(rows).toEqual(whole);
    expect(passes).toBe((IMAGES - 32) / 2);
    expect(await readFile(file())).toEqual(bytes);
  });
});
