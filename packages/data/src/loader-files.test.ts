// The loader over encoded files, in worker threads. By package name on purpose: the worker files exist in dist only.
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import {
  type CroppedBatch,
  cropAndResizeHost,
  cropStream,
  type ImageBatch,
  Random,
  type RandomCropSpec,
  sampleCropBox,
} from "@simclr/core";
import { cacheDecoded, createLoader, type Loader, type LoaderOptions, openDataset } from "@simclr/data";
import { expectClose } from "@simclr/test-utils";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { temporaryFolder, writeTree } from "../test/files.js";

vi.setConfig({ testTimeout: 60_000 }); // starting threads is slow on a busy machine

const random = Random.fromSeed(5);
const crop: RandomCropSpec = {
  kind: "random-resized-crop",
  size: 16,
  sampler: "tf",
  area: [0.08, 1],
  aspect: [3 / 4, 4 / 3],
  kernel: "vips",
};
const COUNT = 40;
const root = temporaryFolder();
const folder = join(root, "images");
const partly = join(root, "partly");

/** JPEGs of different sizes, each with a texture of its own. */
beforeAll(async () => {
  for (let i = 0; i < COUNT; i++) {
    const [width, height] = [40 + i, 60 - i];
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, k) => (k * (i + 3)) % 251);
    const name = `${String(i).padStart(2, "0")}.jpg`;
    const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg()
      .toBuffer();
    writeTree(folder, { [name]: jpeg });
    writeTree(partly, { [name]: i % 10 === 3 ? jpeg.subarray(0, 300) : jpeg });
  }
});

async function take(loader: Loader, epoch: number, startStep?: number): Promise<CroppedBatch[]> {
  const batches: ImageBatch[] = [];
  for await (const batch of loader.epoch(epoch, startStep)) batches.push(batch);
  return batches as CroppedBatch[];
}

async function batchesOf(path: string, options: Partial<LoaderOptions>, startStep?: number): Promise<CroppedBatch[]> {
  const dataset = await openDataset(path);
  const loader = createLoader(dataset, { batchSize: 12, random, crop, ...options });
  try {
    return await take(loader, 1, startStep);
  } finally {
    await loader.close();
    await dataset.close();
  }
}

describe("batches of files", () => {
  it("are the same for no thread, 1, 2 and 4, and hold the crops of the decoded images", async () => {
    const expected = await batchesOf(folder, { workers: 0, dropLast: false });
    expect(expected.map(({ shape }) => shape[0])).toEqual([12, 12, 12, 4]);
    for (const workers of [1, 2, 4]) expect(await batchesOf(folder, { workers, dropLast: false })).toEqual(expected);
    const dataset = await openDataset(folder);
    for (const { indices, views } of expected)
      for (const [i, index] of indices.entries())
        for (const [view, values] of views.entries()) {
          const image = await dataset.read(index);
          const box = sampleCropBox(cropStream(random, 1, index, view), crop, image.height, image.width);
          const own = values.subarray(i * 768, (i + 1) * 768);
          expectClose(own, cropAndResizeHost(image, box, 16, "vips"), { atol: 0 });
        }
    await dataset.close();
  });

  it("go on in the middle of an epoch as if it had never stopped", async () => {
    const whole = await batchesOf(folder, { workers: 2 });
    expect(await batchesOf(folder, { workers: 1 }, 2)).toEqual(whole.slice(2));
  });

  it("are prepared two ahead and no more, in memory that is used again", async () => {
    const dataset = await openDataset(folder);
    const loader = createLoader(dataset, { batchSize: 2, random, crop, workers: 2 });
    const memory = new Set<ArrayBufferLike>();
    for await (const batch of loader.epoch(0)) {
      memory.add((batch as CroppedBatch).views[0]!.buffer);
      const { batches } = loader.stats();
      if (batches === 3) await wait(300); // a slow consumer
      expect(loader.stats().prepared).toBeLessThanOrEqual(batches + 2);
      if (batches === 3) expect(loader.stats().prepared).toBe(5);
      loader.release(batch);
      loader.release(batch); // twice is once
    }
    expect(loader.stats()).toMatchObject({ batches: 20, prepared: 20 });
    expect(memory.size).toBeLessThanOrEqual(4);
    expect(loader.stats().decodeMs).toBeGreaterThan(0);
    expect(loader.stats().cropMs).toBeGreaterThan(0);
    await loader.close();
    await dataset.close();
  });

  it("end with an error that says so when a thread dies at its work, and can be asked for again", async () => {
    const dataset = await openDataset(folder);
    const threads: Worker[] = [];
    const started = (thread: Worker): void => void threads.push(thread);
    process.on("worker", started);
    const loader = createLoader(dataset, { batchSize: 4, random, crop, workers: 2 });
    const run = async (): Promise<void> => {
      for await (const batch of loader.epoch(1)) {
        expect(batch.indices.length).toBe(4);
        if (loader.stats().batches === 2) await Promise.all(threads.map((thread) => thread.terminate()));
      }
    };
    await expect(run()).rejects.toThrow(
      /^createLoader: a worker thread died at its work: .+\. What it was working on is lost, and nothing else: run the same command again\./,
    );
    process.off("worker", started);
    const again = await take(loader, 1, 2);
    expect(again).toEqual((await batchesOf(folder, { batchSize: 4, workers: 0 })).slice(2));
    await loader.close();
    await dataset.close();
  });
});

describe("broken files", () => {
  it("are an error that names the file, in a thread too", async () => {
    await expect(batchesOf(partly, { workers: 2 })).rejects.toThrow(/^Cannot decode the image [0-3]3\.jpg: /);
  });

  it("give their places to the next sound image of the batch, and are listed once", async () => {
    const dataset = await openDataset(partly, { onBroken: "skip" });
    const loader = createLoader(dataset, { batchSize: 8, random, crop, workers: 2, shuffle: false });
    const [first] = await take(loader, 0);
    expect([...first!.indices]).toEqual([0, 1, 2, 4, 4, 5, 6, 7]);
    const values = (place: number) => [...first!.views[1]!.subarray(768 * place, 768 * (place + 1))];
    expect(values(3)).toEqual(values(4));
    await take(loader, 1);
    const { skipped } = loader.stats();
    expect(skipped.map(({ id }) => id).sort()).toEqual(["03.jpg", "13.jpg", "23.jpg", "33.jpg"]);
    expect(skipped[0]!.reason).not.toBe("");
    await loader.close();
    const strict = createLoader(dataset, { batchSize: 8, random, crop, workers: 0, maxSkipped: 3 });
    await expect(take(strict, 0)).rejects.toThrow(
      /more than `maxSkipped` \(3\) images are broken, the last of them \d3\.jpg: .*simclr data check/,
    );
    await dataset.close();
  });
});

describe("decoded images in a file", () => {
  const cache = join(root, "cache");
  const options = { storage: "file", folder: cache, maxSide: 32 } as const;

  it("are those in memory, are not decoded twice, and belong to the options and the times of the files", async () => {
    const dataset = await openDataset(folder);
    const inMemory = await cacheDecoded(dataset, { maxSide: 32 });
    const decoded: number[] = [];
    const onProgress = ({ done }: { readonly done: number }): void => void decoded.push(done);
    const inFile = await cacheDecoded(dataset, { ...options, onProgress });
    expect(decoded.at(-1)).toBe(COUNT);
    expect([inFile.fingerprint, inFile.byteLength]).toEqual([inMemory.fingerprint, inMemory.byteLength]);
    for (let i = 0; i < COUNT; i++) expect(await inFile.read(i)).toEqual(await inMemory.read(i));
    decoded.length = 0;
    const again = await cacheDecoded(dataset, { ...options, onProgress });
    expect([again.file, decoded]).toEqual([inFile.file, []]);
    const other = await cacheDecoded(dataset, { ...options, maxSide: 31 });
    expect(other.file).not.toBe(inFile.file);

    const loaders = [inMemory, inFile].map((images) =>
      createLoader(images, { batchSize: 10, random, crop, workers: 2 }),
    );
    const [a, b] = await Promise.all(loaders.map((loader) => take(loader, 3)));
    expect(b).toEqual(a);
    await Promise.all(loaders.map((loader) => loader.close()));
    await Promise.all([inFile, again, other].map((images) => images.close()));
    await dataset.close();
  });

  it("are used where memory does not suffice", async () => {
    const dataset = await openDataset(folder);
    const images = await cacheDecoded(dataset, { storage: "auto", maxBytes: 50_000, folder: join(root, "auto") });
    expect(images.file).toMatch(/auto.*\.pixels$/);
    const fits = await cacheDecoded(dataset, { storage: "auto", folder: join(root, "none") });
    expect(fits.file).toBeUndefined();
    await images.close();
    await dataset.close();
  });

  it("are refused once the file was altered, wherever that was", async () => {
    const dataset = await openDataset(folder);
    const images = await cacheDecoded(dataset, { ...options, folder: join(root, "altered") });
    const path = images.file!;
    const sound = Buffer.from(await import("node:fs/promises").then(({ readFile }) => readFile(path)));
    const altered = (at: number): void => {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1;
      writeFileSync(path, bytes);
    };
    altered(100);
    await expect(images.read(0)).rejects.toThrow(
      `The cache of decoded images ${path} was changed or is damaged: image 0 is not what was written. Delete it; it is made again from the images.`,
    );
    const open = () => cacheDecoded(dataset, { ...options, folder: join(root, "altered") });
    altered(sound.length - 100);
    await expect(open()).rejects.toThrow("was changed or is damaged: its table is not what was written");
    altered(sound.length - 1);
    await expect(open()).rejects.toThrow("was changed or is damaged: it has no end");
    truncateSync(path, 20);
    await expect(open()).rejects.toThrow("was changed or is damaged: it has no end");
    await images.close();
    await dataset.close();
  });

  it("remember what was broken", async () => {
    const dataset = await openDataset(partly);
    const skip = { ...options, onBroken: "skip" } as const;
    const images = await cacheDecoded(dataset, skip);
    const again = await cacheDecoded(dataset, skip);
    expect(again.skipped).toEqual(images.skipped);
    expect(again.skipped.map(({ id }) => id)).toEqual(["03.jpg", "13.jpg", "23.jpg", "33.jpg"]);
    expect([again.size, again.id(3)]).toEqual([36, "04.jpg"]);
    await expect(cacheDecoded(dataset, options)).rejects.toThrow("Cannot decode the image 03.jpg: ");
    await expect(cacheDecoded(dataset, { onBroken: "skip", maxSkipped: 3 })).rejects.toThrow(
      /more than `maxSkipped` \(3\) images are broken/,
    );
    await images.close();
    await again.close();
    await dataset.close();
  });
});

it("the kernel vips shrinks as sharp does", async () => {
  const { data, info } = await sharp(join(folder, "05.jpg"))
    .resize(300, 260, { fit: "fill" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const image = { data: new Uint8Array(data), height: info.height, width: info.width, channels: 3 };
  for (const [box, size] of [
    [{ top: 10, left: 20, height: 240, width: 270 }, 224],
    [{ top: 0, left: 0, height: 200, width: 250 }, 96],
  ] as const) {
    const expected = await sharp(data, { raw: info })
      .extract(box)
      .resize(size, size, { fit: "fill", kernel: "cubic" })
      .raw()
      .toBuffer();
    const clipped = cropAndResizeHost(image, box, size, "vips").map((value) => Math.min(1, Math.max(0, value)));
    // libvips rounds to whole numbers after the columns and after the rows, and tabulates its kernel.
    expectClose(
      clipped,
      Float32Array.from(expected, (value) => value / 255),
      { atol: 3 / 255 },
    );
  }
});
