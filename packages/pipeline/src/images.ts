import { join } from "node:path";
import { ConfigError, type Dataset, UNLABELLED } from "@simclr/core";
import {
  balanceWords,
  type CachedDataset,
  cacheDecoded,
  classBalance,
  type OpenOptions,
  openDataset,
  sharedImages,
  withoutLabels,
} from "@simclr/data";
import { isHoldOut } from "./config/data.js";
import type { Config } from "./config/schema.js";
import type { PipelineEvents } from "./events.js";
import { holdOut, type RunDataset } from "./hold-out.js";
import { type ImagesSpec, openPluginImages } from "./plugins/build-dataset.js";
import type { Parts } from "./plugins/parts.js";

/** The images of a run, decoded and in memory. */
export interface RunImages {
  /** With the labels that the data set has; stages take what their budget allows. */
  readonly train: RunDataset;
  readonly test: RunDataset;
  /** The training images, every label removed. */
  readonly unlabelled: Dataset;
  readonly classNames: readonly string[];
  /** Test images that are among the training images, pixel by pixel: "name, which is name". */
  readonly overlap: readonly string[];
  /** Broken images that were left out, with reasons. */
  readonly skipped: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens and decodes the training and the test images, of files or of plugins.
 *
 * @throws ConfigError if the test images have other classes than the training images, or none.
 */
export async function openImages(config: Config, parts: Parts, events: PipelineEvents): Promise<RunImages> {
  const { data } = config;
  const open = async (spec: ImagesSpec, split: "train" | "test"): Promise<CachedDataset> => {
    const dataset = await openPart(spec, split, config, parts);
    events.line(`${split}: ${dataset.size} images from ${dataset.name}, ${balanceWords(classBalance(dataset))}`);
    try {
      if (split === "train") checkTrainingClasses(dataset);
      const cached = await cacheDecoded(dataset, {
        maxBytes: data.maxCacheMegabytes * 2 ** 20,
        maxSide: 2 * data.imageSize,
        onBroken: data.onBroken,
        maxSkipped: data.maxSkipped,
        storage: data.cache,
        ...(data.cacheFolder !== undefined && { folder: join(data.cacheFolder, "decoded") }),
        ...(data.workers !== undefined && { workers: data.workers }),
      });
      if (cached.file !== undefined) events.line(`${split}: decoded images are in ${cached.file}`);
      await checkChannels(cached, data.channels);
      return cached;
    } finally {
      await dataset.close();
    }
  };
  const all = await open(data.train, "train");
  const held = isHoldOut(data.test) ? holdOut(all, data.test.holdOut, config.seed) : undefined;
  const own = isHoldOut(data.test) ? undefined : await open(data.test, "test");
  const [train, test] = [held?.train ?? all, (held?.test ?? own)!];
  if (held !== undefined) events.line(`test: ${test.size} labelled images, held out of training`);
  checkTestClasses(train, test);
  const skipped = [all, ...(own ? [own] : [])].flatMap((dataset) =>
    dataset.skipped.map(({ id, reason }) => `${id}: ${reason}`),
  );
  for (const line of skipped) events.line(`skipped ${line}`);
  const origins = new Map((await sharedImages(train, test)).map(({ first, second }) => [second, first]));
  const overlap = [...origins].map(([asked, trained]) => `${asked}, which is ${trained}`);
  if (overlap.length > 0) events.line(overlapWarning(overlap, test.size));
  return {
    train,
    test,
    unlabelled: withoutLabels(train),
    classNames: train.classNames,
    skipped,
    overlap,
    async close() {
      await all.close();
      await own?.close();
    },
  };
}

/** Opens the training or the test images, of files or of a plugin; nothing is decoded yet. */
export function openPart(spec: ImagesSpec, split: "train" | "test", config: Config, parts: Parts): Promise<Dataset> {
  return typeof spec === "string"
    ? openDataset(spec, openOptions(config.data, split))
    : openPluginImages(spec, `data.${split}`, config, parts);
}

function openOptions(data: Config["data"], split: "train" | "test"): OpenOptions {
  const isTraining = split === "train";
  const labels = isTraining ? data.labels : data.testLabels;
  const limit = isTraining ? data.limit : data.testLimit;
  return {
    ...readingOptions(data),
    split: isTraining ? data.split : data.testSplit,
    ...(limit !== undefined && { limit }),
    ...(labels !== undefined && { labels }),
  };
}

function overlapWarning(overlap: readonly string[], testCount: number): string {
  const some = `${overlap.slice(0, 3).join("; ")}${overlap.length > 3 ? "; …" : ""}`;
  return (
    `warning: ${overlap.length} of ${testCount} test images are also training images, so the accuracy is that of images seen before: ` +
    `${some}. Take them out of one of the sets; simclr data check lists all.`
  );
}

/** What the configuration says of how files are read; what it does not say is left to `openDataset`. */
function readingOptions({
  format,
  columns,
  classNames,
  range,
  layout,
  background,
  cacheFolder,
  ...data
}: Config["data"]): OpenOptions {
  const { channels, onBroken } = data;
  return {
    onBroken,
    ...((channels === 1 || channels === 3 || channels === 4) && { channels }),
    ...(format !== undefined && { format }),
    ...(columns !== undefined && {
      columns: {
        ...(columns.image !== undefined && { image: columns.image }),
        ...(columns.label !== undefined && { label: columns.label }),
      },
    }),
    ...(classNames !== undefined && { classNames }),
    ...(range !== undefined && { range }),
    ...(layout !== undefined && { layout }),
    ...(background !== undefined && { background }),
    ...(cacheFolder !== undefined && { cacheFolder }),
  };
}

/** Arrays and binaries have the channels that they have. */
async function checkChannels(dataset: Dataset, expected: number): Promise<void> {
  const { channels } = await dataset.read(0);
  if (channels === expected) return;
  throw new ConfigError(
    `data.channels: the images of ${dataset.name} have ${channels} channels, where the configuration says ${expected}. Set data.channels to ${channels}.`,
    { subject: "data.channels", expected: String(expected), received: String(channels) },
  );
}

function checkTrainingClasses({ name, classNames }: Dataset): void {
  if (classNames.length >= 2) return;
  const found = classNames.length === 0 ? "no labels" : `one labelled class, ${classNames[0]}`;
  throw new ConfigError(
    `${name}: found ${found}; a classifier needs at least 2 classes. ` +
      "Name the labels of a few images in a labels.csv (columns file,label), or in class folders.",
    { subject: "data.train", expected: "labelled images of two classes or more", received: found },
  );
}

function checkTestClasses(train: Dataset, test: Dataset): void {
  const [expected, received] = [train.classNames, test.classNames].map((names) => names.join(", "));
  const unlabelled = test.labels.indexOf(UNLABELLED);
  if (unlabelled >= 0) {
    throw new ConfigError(
      `data.test: every test image needs a label; ${test.id(unlabelled)} has none. Put test images into class folders, or name all of them in a labels.csv.`,
      { subject: "data.test" },
    );
  }
  if (expected === received) return;
  throw new ConfigError(
    `data.test: the test images must have the training classes (${expected}); found ${received || "none"}.`,
    {
      subject: "data.test",
    },
  );
}
