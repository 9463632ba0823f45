import { basename } from "node:path";
import { DataError } from "@simclr/core";
import { labelsFromPaths } from "./class-labels.js";
import { encodedDataset, type FoundImage, type OpenedDataset, type SkippedImage } from "./encoded-dataset.js";
import { IMAGE_EXTENSIONS, isHidden, isImageName } from "./image-names.js";
import { readLabelsCsv } from "./labels-csv.js";
import type { ResolvedOpenOptions } from "./open-options.js";
import { indexTar } from "./tar-index.js";

/**
 * A data set over tar shards: the images in the order of the shards and of their members, read at random through an
 * index of the headers. A member's class is its first folder; see `labelsFromPaths`.
 */
export async function readTars(
  name: string,
  shards: readonly string[],
  options: ResolvedOpenOptions,
): Promise<OpenedDataset> {
  const images: FoundImage[] = [];
  const skipped: SkippedImage[] = [];
  const ignored: string[] = [];
  const labelOf = shardLabels(shards);
  for (const [i, path] of shards.entries()) {
    if (/\.(tar\.\w+|tgz|txz)$/i.test(path))
      throw new DataError(
        `${path}: the archive is compressed, but members are read at random. Unpack it to a plain .tar first, for example with gunzip.`,
        { subject: path, expected: "an uncompressed tar archive" },
      );
    const { members, links, problem } = await indexTar(path);
    if (problem !== undefined) {
      if (options.onBroken === "error") throw problem;
      skipped.push({ id: problem.subject ?? path, reason: problem.message });
    }
    for (const { name: member, offset, size } of members) {
      const id = `${labelOf[i]!}:${member}`;
      if (isImageName(member)) images.push({ id, name: member, location: { path, offset, size } });
      else if (!isHidden(member)) ignored.push(id);
    }
    for (const link of links) if (!isHidden(link)) ignored.push(`${labelOf[i]!}:${link}`);
  }
  if (images.length === 0)
    throw new DataError(
      `No images in ${shards.join(", ")}: expected members such as <class>/<name>.jpg (${IMAGE_EXTENSIONS}); found ${ignored.length} other files${ignored[0] === undefined ? "" : `, the first of them ${ignored[0]}`}${skipped.length === 0 ? "" : `; ${skipped[0]!.reason}`}.`,
      { subject: shards[0] ?? name, expected: "images" },
    );
  const names = images.map((image) => image.name);
  const classes =
    options.labels === undefined ? labelsFromPaths(names, name) : await readLabelsCsv(options.labels, names);
  const kept = images.slice(0, options.limit);
  return encodedDataset({
    name,
    images: kept,
    classes: { classNames: classes.classNames, labels: classes.labels.slice(0, kept.length) },
    settings: { channels: options.channels, maxPixels: options.maxPixels },
    onBroken: options.onBroken,
    skipped,
    ignored,
  });
}

/** File names of the shards where they differ, else their paths. */
function shardLabels(shards: readonly string[]): string[] {
  const names = shards.map((path) => basename(path));
  return new Set(names).size === names.length ? names : [...shards];
}
