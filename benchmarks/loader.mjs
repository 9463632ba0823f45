// What the loader gives, in three parts:
//   small  32 px images from a tar, decoded once: cached batches and two crops of each image
//   jpeg   500x375 JPEGs, decoded for every batch: two crops of 224 px, beside what sharp alone does with the same concurrency
//   train  share of the time that ResNet-18 at 32 px waits for data, from the cache and from JPEGs
//   pnpm bench loader [--parts small,jpeg,train] [--data FOLDER] [--workers 2] [--seconds 3] [--rounds 3] [--steps 6] [--json]
//
// FOLDER holds cifar10-jpeg/test.tar and sign-digits/images.tar (by default the variable SIMCLR_TEST_DATA); without it both parts
// draw the built-in shapes. Rounds go through all variants in turns, so that what else the machine does meets all of them; the
// figures are medians.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cifar } from "@simclr/augment";
import { useBackend } from "@simclr/backends";
import { Random, sampleCropBox } from "@simclr/core";
import { availableCores } from "@simclr/core/node";
import { cacheDecoded, createLoader, openDataset, shapes, withoutLabels } from "@simclr/data";
import { methods, methodTask } from "@simclr/methods";
import { projectionHead, resNet } from "@simclr/models";
import { constant, momentumSgd } from "@simclr/optim";
import { train } from "@simclr/trainer";
import sharp from "sharp";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "small,jpeg,train" },
    data: { type: "string", default: process.env.SIMCLR_TEST_DATA ?? "" },
    workers: { type: "string", default: String(availableCores()) },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "6" },
    json: { type: "boolean", default: false },
  },
});
const [workers, seconds, rounds, steps] = ["workers", "seconds", "rounds", "steps"].map((key) => Number(values[key]));
const parts = values.parts.split(",");
const random = Random.fromSeed(0);
const folder = mkdtempSync(join(tmpdir(), "simclr-bench-loader-"));
const crop = (size, kernel) => ({
  kind: "random-resized-crop",
  size,
  sampler: "tf",
  area: [0.08, 1],
  aspect: [3 / 4, 4 / 3],
  kernel,
});
const JPEG = { width: 500, height: 375, count: 256, batch: 64, crop: 224 };

const results = [];
function report(what, figures) {
  results.push({ what, ...figures });
  console.log(
    values.json
      ? JSON.stringify(results.at(-1))
      : `${what.padEnd(58)} ${Object.entries(figures)
          .map(([k, v]) => `${k} ${v}`)
          .join("  ")}`,
  );
}
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/**
 * Images a second of each variant, and milliseconds of processor time an image, which tell what idle cores would do where others
 * use them too: medians of rounds that go through all variants.
 */
async function compare(variants) {
  const all = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of Object.entries(variants)) all[name].push(await run());
  return Object.entries(all).map(([name, measured]) => ({
    name,
    rate: median(measured.map(({ rate }) => rate)),
    cpuMs: median(measured.map(({ cpuMs }) => cpuMs)),
  }));
}

/** Starts a clock; it gives what was done since then. */
function clock() {
  const start = performance.now();
  const cpu = process.cpuUsage();
  return {
    elapsedMs: () => performance.now() - start,
    measured: (images) => {
      const { user, system } = process.cpuUsage(cpu);
      return { rate: (1000 * images) / (performance.now() - start), cpuMs: (user + system) / 1000 / images };
    },
  };
}

/** Measures a loader, once it runs. */
function drain(loader) {
  let epoch = 0;
  return async () => {
    let images = 0;
    let since;
    for (;;) {
      for await (const batch of loader.epoch(epoch++)) {
        loader.release(batch);
        if (since === undefined)
          since = clock(); // the first batch waits for threads and for the ones ahead
        else images += batch.indices.length;
        if (images > 0 && since.elapsedMs() > 1000 * seconds) return since.measured(images);
      }
    }
  };
}

async function drawn(count) {
  const dataset = shapes({ split: "train", size: count });
  return Promise.all(Array.from({ length: count }, (_, i) => dataset.read(i)));
}

async function small() {
  let path = join(values.data, "cifar10-jpeg", "test.tar");
  if (values.data === "" || !existsSync(path)) {
    const members = join(folder, "small");
    mkdirSync(members);
    for (const [i, image] of (await drawn(2_000)).entries())
      writeFileSync(join(members, `${i}.jpg`), await sharp(image.data, { raw: image }).jpeg().toBuffer());
    path = join(folder, "small.tar");
    execFileSync("tar", ["-cf", path, "-C", members, "."]);
  }
  const dataset = await openDataset(path);
  const start = performance.now();
  const inMemory = await cacheDecoded(dataset, { workers });
  report("small: decoded into memory", { imagesPerSecond: perSecond(inMemory.size, start) });
  const again = performance.now();
  await cacheDecoded(dataset, { workers, storage: "file", folder });
  report("small: decoded into a file", { imagesPerSecond: perSecond(dataset.size, again) });
  const reused = performance.now();
  const inFile = await cacheDecoded(dataset, { workers, storage: "file", folder });
  report("small: the file used again", { milliseconds: Math.round(performance.now() - reused) });
  const options = { batchSize: 256, random, workers };
  const views = (kernel) => ({ ...options, crop: crop(32, kernel), output: "cropped" });
  const loaders = {
    "whole images, memory": createLoader(inMemory, options),
    "whole images, file": createLoader(inFile, options),
    "two crops, tf1-bicubic, memory": createLoader(inMemory, views("tf1-bicubic")),
    "two crops, tf1-bicubic, file": createLoader(inFile, views("tf1-bicubic")),
    "two crops, vips, memory": createLoader(inMemory, views("vips")),
  };
  const measured = await compare(
    Object.fromEntries(Object.entries(loaders).map(([name, loader]) => [name, drain(loader)])),
  );
  for (const { name, rate, cpuMs } of measured)
    report(`small: ${name}`, {
      viewsPerSecond: Math.round(2 * rate),
      cpuUsAView: Number((500 * cpuMs).toFixed(1)),
    });
  for (const loader of Object.values(loaders)) await loader.close();
  await dataset.close();
  return inMemory;
}

/** A folder of 500x375 JPEGs at quality 90: photos of hand signs, resized up, or shapes. */
async function jpegs() {
  const path = join(folder, "jpegs");
  if (existsSync(path)) return path;
  mkdirSync(path);
  const photos = join(values.data, "sign-digits", "images.tar");
  let images;
  if (values.data !== "" && existsSync(photos)) {
    const dataset = await openDataset(photos, { limit: JPEG.count });
    images = await Promise.all(Array.from({ length: dataset.size }, (_, i) => dataset.read(i)));
    await dataset.close();
  } else images = await drawn(JPEG.count);
  let bytes = 0;
  for (const [i, image] of images.entries()) {
    const encoded = await sharp(image.data, { raw: image })
      .resize(JPEG.width, JPEG.height, { fit: "fill" })
      .jpeg({ quality: 90 })
      .toBuffer();
    bytes += encoded.length;
    writeFileSync(join(path, `${String(i).padStart(4, "0")}.jpg`), encoded);
  }
  report("jpeg: files", { count: images.length, meanBytes: Math.round(bytes / images.length) });
  return path;
}

/** Images a second of sharp alone, as many at once as the loader has in hand. */
function plainSharp(paths, views) {
  return async () => {
    const since = clock();
    let done = 0;
    let next = 0;
    const lane = async () => {
      while (since.elapsedMs() < 1000 * seconds) {
        const i = next++;
        const boxes = [0, 1].map((view) =>
          sampleCropBox(random.fork("plain", i, view), crop(JPEG.crop, "vips"), JPEG.height, JPEG.width),
        );
        await views(paths[i % paths.length], boxes);
        done++;
      }
    };
    await Promise.all(Array.from({ length: 2 * workers }, lane));
    return since.measured(done);
  };
}

async function jpeg() {
  const dataset = await openDataset(await jpegs());
  sharp.cache(false);
  sharp.concurrency(1);
  const paths = Array.from({ length: dataset.size }, (_, i) => join(dataset.name, dataset.id(i)));
  const cut = (image, box) =>
    image.extract(box).resize(JPEG.crop, JPEG.crop, { fit: "fill", kernel: "cubic" }).raw().toBuffer();
  const loader = (kernel) =>
    createLoader(dataset, { batchSize: JPEG.batch, random, workers, crop: crop(JPEG.crop, kernel) });
  const loaders = Object.fromEntries(["vips", "tf1-bicubic", "bilinear"].map((kernel) => [kernel, loader(kernel)]));
  const measured = await compare({
    "sharp alone, the file for each crop": plainSharp(paths, (path, boxes) =>
      Promise.all(boxes.map((box) => cut(sharp(path), box))),
    ),
    "sharp alone, decoded once": plainSharp(paths, async (path, boxes) => {
      const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
      await Promise.all(boxes.map((box) => cut(sharp(data, { raw: info }), box)));
    }),
    "sharp alone, decoding only": plainSharp(paths, (path) => sharp(path).raw().toBuffer()),
    ...Object.fromEntries(Object.entries(loaders).map(([kernel, it]) => [`loader, ${kernel}`, drain(it)])),
  });
  const plain = measured.filter(({ name }) => /each crop|once/.test(name));
  const limit = {
    rate: Math.max(...plain.map(({ rate }) => rate)),
    cpuMs: Math.min(...plain.map(({ cpuMs }) => cpuMs)),
  };
  for (const { name, rate, cpuMs } of measured)
    report(`jpeg: ${name}`, {
      imagesPerSecond: Math.round(rate),
      cpuMsAnImage: Number(cpuMs.toFixed(2)),
      ...(name.startsWith("loader") && {
        ofLibvips: Number((rate / limit.rate).toFixed(2)),
        ofLibvipsByCpu: Number((limit.cpuMs / cpuMs).toFixed(2)),
      }),
    });
  const { readMs, decodeMs, cropMs, prepared } = loaders.vips.stats();
  const each = (ms) => Number((ms / (prepared * JPEG.batch)).toFixed(2));
  report("jpeg: loader, vips, ms an image", { read: each(readMs), decode: each(decodeMs), crop: each(cropMs) });
  for (const it of Object.values(loaders)) await it.close();
  await dataset.close();
}

async function training(cached) {
  const backend = await useBackend("auto");
  const photos = await openDataset(await jpegs());
  const recipe = cifar({ size: 32 });
  const sources = {
    "cached, cropped on the device": [cached, {}],
    "cached, cropped by the loader": [cached, { crop: recipe[0].crop, output: "cropped" }],
    "JPEGs of 500x375, decoded for every batch": [photos, { crop: recipe[0].crop }],
  };
  for (const [name, [dataset, options]] of Object.entries(sources)) {
    const loader = createLoader(withoutLabels(dataset), { batchSize: 64, random, workers, repeat: true, ...options });
    const encoder = resNet({ depth: 18, width: 1, imageSize: 32, random });
    const head = projectionHead({ inputDimension: encoder.featureDimension, random });
    const task = methodTask({ method: methods.simclr, options: { temperature: 0.5 }, encoder, head, recipe, random });
    const optimizer = momentumSgd({ momentum: 0.9 });
    const waits = [];
    const times = [];
    const hook = {
      name: "waits",
      stepEnd: (_, { dataWaitMs, stepMs }) => {
        waits.push(dataWaitMs);
        times.push(stepMs);
      },
    };
    await train({ task, optimizer, schedule: constant(0.05, steps + 1), source: loader, random, hooks: [hook] });
    const [wait, time] = [waits, times].map((all) => all.slice(1).reduce((a, b) => a + b, 0)); // the first step compiles
    report(`train: ${name}`, {
      waitShare: `${((100 * wait) / (wait + time)).toFixed(2)} %`,
      stepMs: Math.round(time / steps),
      backend: backend.name,
    });
    optimizer.dispose();
    await loader.close();
  }
  await photos.close();
}

function perSecond(count, start) {
  return Math.round((1000 * count) / (performance.now() - start));
}

try {
  const cached = parts.includes("small") ? await small() : undefined;
  if (parts.includes("jpeg")) await jpeg();
  if (parts.includes("train")) await training(cached ?? (await cacheDecoded(shapes({ split: "train", size: 2_000 }))));
} finally {
  rmSync(folder, { recursive: true });
}
