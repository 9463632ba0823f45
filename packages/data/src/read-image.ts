import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { UNLABELLED } from "@simclr/core";
import { encodedDataset, type OpenedDataset } from "./encoded-dataset.js";
import type { ResolvedOpenOptions } from "./open-options.js";

/** A set of one image without a label: the file itself. */
export async function readImage(path: string, options: ResolvedOpenOptions): Promise<OpenedDataset> {
  const { channels, maxPixels, background, onBroken } = options;
  const name = basename(path);
  const { size } = await stat(path);
  return encodedDataset({
    name: path,
    images: [{ id: name, name, location: { path: resolve(path), offset: 0, size } }],
    classes: { classNames: [], labels: Int32Array.of(UNLABELLED) },
    settings: { channels, maxPixels, background },
    onBroken,
    skipped: [],
    ignored: [],
  });
}
