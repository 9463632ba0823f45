import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "@simclr/core";
import { rootOf } from "./derived-dataset.js";
import { encodedImagesOf } from "./encoded-dataset.js";
import { fingerprintOf } from "./fingerprint.js";

/** Files whose times are asked for at once. */
const STATS_AT_ONCE = 64;

/** Where decoded images are kept unless another folder is given. */
export function defaultFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "simclr", "decoded");
}

/**
 * Hash of everything that decides what decoded images look like: the data set's fingerprint, the shrinking, and when each of its
 * files was last written, since a fingerprint knows names and sizes only.
 */
export async function cacheKey(dataset: Dataset, maxSide: number | undefined): Promise<string> {
  const paths = [...new Set(encodedImagesOf(rootOf(dataset).dataset)?.locations.map(({ path }) => path))];
  const times: number[] = [];
  for (let i = 0; i < paths.length; i += STATS_AT_ONCE) {
    // A file that is missing is a broken image, which is told when it is decoded.
    const timeOf = (path: string): Promise<number> =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
    times.push(...(await Promise.all(paths.slice(i, i + STATS_AT_ONCE).map(timeOf))));
  }
  return fingerprintOf(["decoded images, 1", dataset.fingerprint, maxSide ?? 0, ...times]);
}
