import { basename } from "node:path";
import { DataError } from "@simclr/core";
import { type ClassLabels, inClassOrder, labelsFromPaths } from "./class-labels.js";
import { encodedDataset, type FoundImage, type OpenedDataset, type SkippedImage } from "./encoded-dataset.js";
import { IMAGE_EXTENSIONS, isHidden, isImageName } from "./image-names.js";
import { readLabelsCsv } from "./labels-csv.js";
import type { ResolvedOpenOptions } from "./open-options.js";
import { indexTar, type TarMember } from "./tar-index.js";
import { classesOfLabels, isLabelText, type ShardText, sampleKey, shardLabels } from "./webdataset-labels.js";

/** An archive, and what it is called in messages and ids. */
export interface Shard {
  /** A file on this machine. */
  readonly path: string;
  /** A path or a URL. */
  readonly name: string;
}

/**
 * A data set over tar shards: the images in the order of the shards and of their members, read at random through an
 * index of the headers. A member's class is what `<key>.cls` or `<key>.json` beside it says (WebDataset), and its first
 * folder otherwise; see `labelsFromPaths`.
 */
export async function readTars(
  name: string,
  shards: readonly Shard[],
  options: ResolvedOpenOptions,
): Promise<OpenedDataset> {
  const images: FoundImage[] = [];
  const skipped: SkippedImage[] = [];
  const ignored: string[] = [];
  const labels: (string | number | undefined)[] = [];
  const labelOf = shortNames(shards);
  for (const [i, { path, name: shardName }] of shards.entries()) {
    if (/\.(tar\.\w+|tgz|txz)$/i.test(shardName))
      throw new DataError(
        `${shardName}: the archive is compressed, but members are read at random. Unpack it to a plain .tar first, for example with gunzip.`,
        { subject: shardName, expected: "an uncompressed tar archive" },
      );
    const { members, links, problem } = await indexTar(path, isLabelText);
    if (problem !== undefined) {
      if (options.onBroken === "error") throw problem;
      skipped.push({ id: problem.subject ?? path, reason: problem.message });
    }
    const texts = textsBesideImages(members);
    const byKey = shardLabels(labelOf[i]!, texts, options.columns.label);
    const used = new Set(byKey.size === 0 ? [] : texts.map((text) => text.name));
    for (const { name: member, offset, size } of members) {
      const id = `${labelOf[i]!}:${member}`;
      const isSample = byKey.size === 0 || isPlainImage(member);
      if (isImageName(member) && isSample) {
        images.push({ id, name: member, location: { path, offset, size } });
        labels.push(byKey.get(sampleKey(member)));
      } else if (!isHidden(member) && !used.has(member)) ignored.push(id);
    }
    for (const link of links) if (!isHidden(link)) ignored.push(`${labelOf[i]!}:${link}`);
  }
  if (images.length === 0)
    throw new DataError(
      `No images in ${shards.map((shard) => shard.name).join(", ")}: expected members such as <class>/<name>.jpg (${IMAGE_EXTENSIONS}); found ${ignored.length} other files${ignored[0] === undefined ? "" : `, the first of them ${ignored[0]}`}${skipped.length === 0 ? "" : `; ${skipped[0]!.reason}`}.`,
      { subject: shards[0]?.name ?? name, expected: "images" },
    );
  const idOf = (index: number): string => images[index]!.id;
  const classes = inClassOrder(await classesOf(name, images, labels, options), options.classNames, idOf);
  const kept = images.slice(0, options.limit);
  return encodedDataset({
    name,
    images: kept,
    classes: { classNames: classes.classNames, labels: classes.labels.slice(0, kept.length) },
    settings: { channels: options.channels, maxPixels: options.maxPixels, background: options.background },
    onBroken: options.onBroken,
    skipped,
    ignored,
  });
}

async function classesOf(
  name: string,
  images: readonly FoundImage[],
  labels: readonly (string | number | undefined)[],
  options: ResolvedOpenOptions,
): Promise<ClassLabels> {
  const names = images.map((image) => image.name);
  if (options.labels !== undefined) return readLabelsCsv(options.labels, names);
  if (labels.every((label) => label === undefined)) return labelsFromPaths(names, name);
  return classesOfLabels(labels, options.classNames, (index) => images[index]!.id);
}

/** Texts of samples that have an image; others, such as a description of the whole shard, are no labels. */
function textsBesideImages(members: readonly TarMember[]): ShardText[] {
  const texts = members.filter((member): member is TarMember & ShardText => member.text !== undefined);
  if (texts.length === 0) return [];
  const keys = new Set(members.filter(({ name }) => isPlainImage(name)).map(({ name }) => sampleKey(name)));
  return texts.filter(({ name }) => keys.has(sampleKey(name)));
}

/** Whether a member is `<key>.jpg` or the like, and not another picture of the sample, such as `<key>.mask.png`. */
function isPlainImage(member: string): boolean {
  return isImageName(member) && !member.slice(sampleKey(member).length + 1).includes(".");
}

/** File names of the shards where they differ, else what they are called. */
function shortNames(shards: readonly Shard[]): string[] {
  const names = shards.map(({ name }) => basename(name));
  return new Set(names).size === names.length ? names : shards.map(({ name }) => name);
}
