import { type Dataset, isSimclrError, type RawImage, UNLABELLED } from "@simclr/core";
import {
  type CheckOptions,
  checkDatasets,
  type DatasetCheck,
  type DatasetSplit,
  type OpenOptions,
  openDataset,
} from "@simclr/data";
import { imageSheet } from "@simclr/report";

/** Images of a class on the sheet. */
const SHEET_COLUMNS = 8;
/** Classes on the sheet. */
const SHEET_ROWS = 20;

export interface CheckDataOptions extends CheckOptions {
  /** How each path is opened; broken archives are reported, not thrown. */
  readonly open?: Omit<OpenOptions, "onBroken">;
  /** Parts to check of data sets that bring their own, such as CIFAR's `train` and `test`. @defaultValue what `open` says */
  readonly splits?: readonly DatasetSplit[];
  /** Whether to draw a sheet of samples. @defaultValue false */
  readonly sheet?: boolean;
}

export interface CheckedData {
  readonly check: DatasetCheck;
  /** A PNG file: a row for each class of the first data set, at most 20, of its first eight sound images. */
  readonly sheet: Uint8Array | undefined;
}

/**
 * Reads whole data sets and says what they hold and what is wrong with them.
 *
 * @param paths - As `openDataset` takes them; several, such as training and test images, are compared with each other.
 * @throws DataError if a path holds no images.
 */
export async function checkData(paths: readonly string[], options: CheckDataOptions = {}): Promise<CheckedData> {
  const datasets: Dataset[] = [];
  try {
    for (const path of paths) {
      for (const split of options.splits ?? [undefined]) {
        const dataset = await openDataset(path, { ...options.open, ...(split && { split }), onBroken: "skip" });
        datasets.push(split === undefined ? dataset : { ...dataset, name: `${dataset.name} (${split})` });
      }
    }
    const check = await checkDatasets(datasets, options);
    const rows = options.sheet === true ? await samples(datasets[0]!) : [];
    return { check, sheet: rows.length > 0 ? await imageSheet(rows) : undefined };
  } finally {
    for (const dataset of datasets) await dataset.close();
  }
}

async function samples(dataset: Dataset): Promise<RawImage[][]> {
  const rows: RawImage[][] = [];
  for (const label of [...dataset.classNames.keys(), UNLABELLED].slice(0, SHEET_ROWS)) {
    const row: RawImage[] = [];
    for (let index = 0; index < dataset.size && row.length < SHEET_COLUMNS; index++) {
      if (dataset.labels[index] !== label) continue;
      try {
        row.push(drawable(await dataset.read(index)));
      } catch (error) {
        if (!isSimclrError(error)) throw error; // broken images are in the report
      }
    }
    if (row.length > 0) rows.push(row);
  }
  return rows;
}

/** The first channel of images that have more channels than a picture. */
function drawable(image: RawImage): RawImage {
  const { data, height, width, channels } = image;
  if (channels === 1 || channels === 3 || channels === 4) return image;
  return {
    data: Uint8Array.from({ length: height * width }, (_, i) => data[i * channels]!),
    height,
    width,
    channels: 1,
  };
}
