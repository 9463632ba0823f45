import { type Dataset, InvalidArgumentError, type RawImage } from "@simclr/core";
import type { DatasetContext, DefinedDataset } from "./dataset-opener.js";

/** What `checkDataset` can test. */
export type DatasetPromise = "contents" | "images" | "any order" | "memory" | "bad index" | "opened again" | "close";

export interface DatasetCheckOptions<Options extends object = object> {
  /** @defaultValue the definition's own */
  readonly options?: Partial<Options>;
  /** @defaultValue split "train", the working directory, 3 channels */
  readonly context?: Partial<DatasetContext>;
  /** Images that are read, evenly spread over the data set; the first and the last are among them. @defaultValue 16 */
  readonly images?: number;
}

/**
 * Tests what a kind of data set promises, under any test runner: that its labels, class names and ids fit together; that
 * images are uint8 of the shape it names and the same however often, in whatever order and however many at once they are
 * read; that an image that was read stays as it was; that an index that is none is refused; that another opening gives
 * the same images under the same fingerprint; that it closes.
 *
 * @example
 * it("keeps its promises", () => checkDataset(stripes, { options: { count: 10 }, context: { channels: 1 } }));
 *
 * @returns What was tested.
 * @throws InvalidArgumentError (rejects) listing all promises that were broken.
 */
export async function checkDataset<Options extends object>(
  definition: DefinedDataset<Options>,
  { options = {}, context, images: count = 16 }: DatasetCheckOptions<Options> = {},
): Promise<readonly DatasetPromise[]> {
  const opened = definition.with(options);
  const surroundings: DatasetContext = { split: "train", folder: process.cwd(), channels: 3, ...context };
  const dataset = await opened.open(surroundings);
  const indices = spread(dataset.size, count);
  const failures: string[] = [];
  const test = async (promise: DatasetPromise, check: () => Promise<string | undefined>): Promise<void> => {
    const failure = await check().catch((error: unknown) => `threw ${String(error)}`);
    if (failure !== undefined) failures.push(`${promise}: ${failure}`);
  };
  const first = new Map<number, RawImage>();
  await test("contents", async () => contents(dataset));
  await test("images", async () => {
    for (const index of indices) first.set(index, copy(await dataset.read(index)));
    const other = [...first.values()].find(({ channels }) => channels !== surroundings.channels);
    return other && `must have ${surroundings.channels} channels; received ${other.channels}`;
  });
  await test("any order", async () => {
    const backwards = [...indices].reverse();
    const read = await Promise.all(backwards.map((index) => dataset.read(index)));
    const changed = backwards.find((index, i) => !isSame(read[i]!, first.get(index)));
    return changed === undefined ? undefined : `image ${changed} is another one when all are read at once`;
  });
  await test("memory", async () => {
    const [index, other] = [indices[0]!, indices.at(-1)!];
    const held = await dataset.read(index);
    (await dataset.read(other)).data.fill(7); // the caller's own: cutting and flipping may happen in place
    if (!isSame(held, first.get(index)) && other !== index) return `reading image ${other} changed image ${index}`;
    return isSame(await dataset.read(other), first.get(other)) ? undefined : `image ${other} is not a copy`;
  });
  await test("bad index", async () => {
    for (const index of [-1, 0.5, dataset.size]) {
      const outcome = await dataset.read(index).then(
        () => "read",
        () => "refused",
      );
      if (outcome === "read") return `index ${index} must be refused; an image was read`;
    }
    return undefined;
  });
  await test("opened again", async () => {
    const again = await opened.open(surroundings);
    try {
      if (again.fingerprint !== dataset.fingerprint) return "the fingerprint is another one";
      for (const index of indices)
        if (!isSame(await again.read(index), first.get(index))) return `image ${index} is another one`;
      return undefined;
    } finally {
      await again.close();
    }
  });
  await test("close", async () => void (await dataset.close()));
  if (failures.length === 0) return ["contents", "images", "any order", "memory", "bad index", "opened again", "close"];
  throw new InvalidArgumentError(
    `checkDataset: the data set "${definition.name}" must keep its promises; ${failures.length} of 7 checks failed. ` +
      `Correct \`open\` and \`read\`.\n${failures.map((failure) => `- ${failure}`).join("\n")}`,
    { subject: definition.name, expected: "no failed check", received: failures.join("; ") },
  );
}

function contents({ size, classNames, labels, id }: Dataset): string | undefined {
  if (new Set(classNames).size !== classNames.length) return `class names must differ; received ${classNames}`;
  const empty = classNames.findIndex((_, label) => !labels.includes(label));
  if (empty >= 0) return `the class "${classNames[empty]}" has no image`;
  const ids = new Map<string, number>();
  for (let index = 0; index < size; index++) {
    const name = id(index);
    if (ids.has(name)) return `ids must differ; "${name}" is that of images ${ids.get(name)} and ${index}`;
    ids.set(name, index);
  }
  return undefined;
}

/** At most `count` indices in [0, size), ascending, the first and the last among them. */
function spread(size: number, count: number): number[] {
  const steps = Math.max(1, Math.min(count, size) - 1);
  return [...new Set(Array.from({ length: steps + 1 }, (_, i) => Math.round((i * (size - 1)) / steps)))];
}

const copy = (image: RawImage): RawImage => ({ ...image, data: image.data.slice() });

function isSame({ data, height, width, channels }: RawImage, other: RawImage | undefined): boolean {
  if (other === undefined || height !== other.height || width !== other.width || channels !== other.channels)
    return false;
  return data.every((value, i) => value === other.data[i]);
}
