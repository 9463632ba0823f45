import { checkInteger, type Dataset, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { availableCores } from "@simclr/core/node";
import type { CheckedDataset, DatasetCheck, DuplicateGroup, SizedImage } from "./dataset-check.js";
import { rootOf } from "./derived-dataset.js";
import { encodedImagesOf, type OpenedDataset } from "./encoded-dataset.js";
import { findProblems } from "./find-problems.js";
import { forEachBounded } from "./for-each-bounded.js";
import { inspectDecoded } from "./inspect-image.js";
import type { Inspection, InspectTask } from "./inspect-worker.js";
import { reasonOf } from "./reason.js";
import { classCounts } from "./subset.js";
import { WorkerPool } from "./worker-pool.js";

/** Images of one worker task. */
const RUN_LENGTH = 16;
/** Reads of a data set without files that are under way at once. */
const READS_AT_ONCE = 8;
/** Names of ignored files that are told. */
const MOST_IGNORED = 100;

export interface CheckOptions {
  /** Worker threads. @defaultValue as many as there are cores for this process, at most 8 */
  readonly workers?: number;
  /** Called after each piece of work. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * Reads every image of data sets as training would, and says what they hold and what is wrong with them. Broken images are
 * reported, not thrown, whatever the data sets were opened with. Memory holds a hash and a few numbers an image.
 *
 * @param datasets - Such as training and test images, whose common images are found. Borrowed.
 * @throws DataError if a worker thread dies.
 */
export async function checkDatasets(datasets: readonly Dataset[], options: CheckOptions = {}): Promise<DatasetCheck> {
  const { workers = Math.min(8, availableCores()), onProgress } = options;
  checkInteger("checkDatasets", { workers }, 1);
  if (datasets.length === 0)
    throw new InvalidArgumentError("checkDatasets: `datasets` must hold at least one data set; received none.", {
      subject: "datasets",
    });
  const total = datasets.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const advance = (count: number): void => {
    done += count;
    onProgress?.({ done, total });
  };
  const checked: CheckedDataset[] = [];
  const groups = new Map<string, { readonly dataset: Dataset; readonly index: number }[]>();
  for (const dataset of datasets) {
    const inspections = await inspectAll(dataset, workers, advance);
    checked.push(describe(dataset, inspections));
    for (const [index, inspection] of inspections.entries()) {
      if ("broken" in inspection) continue;
      const group = groups.get(inspection.hash);
      if (group === undefined) groups.set(inspection.hash, [{ dataset, index }]);
      else group.push({ dataset, index });
    }
  }
  const duplicates = [...groups.values()].filter((group) => group.length > 1).map(duplicateGroup);
  return { formatVersion: 1, datasets: checked, duplicates, ...findProblems(checked, duplicates) };
}

async function inspectAll(
  dataset: Dataset,
  workers: number,
  advance: (count: number) => void,
): Promise<readonly Inspection[]> {
  const results = new Array<Inspection>(dataset.size);
  const root = rootOf(dataset);
  const encoded = encodedImagesOf(root.dataset);
  if (encoded === undefined) {
    await forEachBounded([...results.keys()], READS_AT_ONCE, async (index) => {
      try {
        results[index] = inspectDecoded(await dataset.read(index));
      } catch (error) {
        results[index] = { broken: reasonOf(error instanceof Error && error.cause ? error.cause : error) };
      }
      advance(1);
    });
    return results;
  }
  const locations = Array.from(results.keys(), (index) => encoded.locations[root.indexOf(index)]!);
  const starts = Array.from({ length: Math.ceil(dataset.size / RUN_LENGTH) }, (_, i) => i * RUN_LENGTH);
  const pool = new WorkerPool<InspectTask, Inspection[]>({
    file: "./inspect-worker.js",
    threads: Math.min(workers, starts.length),
    where: "checkDatasets",
  });
  try {
    await forEachBounded(starts, 2 * workers, async (start) => {
      const run = locations.slice(start, start + RUN_LENGTH);
      const found = await pool.run({ locations: run, settings: encoded.settings });
      for (const [i, inspection] of found.entries()) results[start + i] = inspection;
      advance(found.length);
    });
  } finally {
    await pool.close();
  }
  return results;
}

function describe(dataset: Dataset, inspections: readonly Inspection[]): CheckedDataset {
  const counts = classCounts(dataset);
  const present = counts.filter((count) => count > 0);
  const { skipped = [], ignored = [] } = rootOf(dataset).dataset as Partial<OpenedDataset>;
  const sound: SizedImage[] = [];
  const kinds: string[] = [];
  const broken = [...skipped];
  for (const [index, inspection] of inspections.entries()) {
    const id = dataset.id(index);
    if ("broken" in inspection) broken.push({ id, reason: inspection.broken });
    else {
      sound.push({ id, width: inspection.width, height: inspection.height });
      kinds.push(inspection.kind);
    }
  }
  return {
    name: dataset.name,
    images: dataset.size,
    labelled: dataset.labels.filter((label) => label !== UNLABELLED).length,
    classes: dataset.classNames.map((name, label) => ({ name, images: counts[label]! })),
    imbalance: present.length < 2 ? null : Math.max(...present) / Math.min(...present),
    sizes: sound.length === 0 ? null : sizesOf(sound),
    kinds: tally(kinds).map(([kind, images]) => ({ kind, images })),
    broken,
    ignored: ignored.slice(0, MOST_IGNORED),
    ignoredCount: ignored.length,
  };
}

function sizesOf(images: readonly SizedImage[]): NonNullable<CheckedDataset["sizes"]> {
  const area = ({ width, height }: SizedImage): number => width * height;
  let [smallest, largest] = [images[0]!, images[0]!];
  for (const image of images) {
    if (area(image) < area(smallest)) smallest = image;
    if (area(image) > area(largest)) largest = image;
  }
  const sides = Int32Array.from(images, ({ width, height }) => Math.min(width, height)).sort();
  const at = (share: number): number => sides[Math.round(share * (sides.length - 1))]!;
  const sizes = tally(images.map(({ width, height }) => `${width} ${height}`));
  return {
    smallest,
    largest,
    shorterSide: { min: at(0), p5: at(0.05), median: at(0.5), p95: at(0.95), max: at(1) },
    distinct: sizes.length,
    common: sizes.slice(0, 5).map(([size, count]) => {
      const [width, height] = size.split(" ").map(Number) as [number, number];
      return { width, height, images: count };
    }),
  };
}

/** Values and how often they come, the most frequent first, those that come equally often as they came. */
function tally(values: readonly string[]): [value: string, count: number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function duplicateGroup(group: readonly { readonly dataset: Dataset; readonly index: number }[]): DuplicateGroup {
  const images = group.map(({ dataset, index }) => ({
    dataset: dataset.name,
    id: dataset.id(index),
    label: dataset.classNames[dataset.labels[index]!] ?? null,
  }));
  const labels = new Set(images.map(({ label }) => label).filter((label) => label !== null));
  return {
    images,
    labelsDiffer: labels.size > 1,
    acrossDatasets: new Set(group.map(({ dataset }) => dataset)).size > 1,
  };
}
