import type { Dataset, RawImage } from "@simclr/core";

/** An image that two data sets have. */
export interface SharedImage {
  /** Its id in the first data set. */
  readonly first: string;
  /** Its id in the second one. */
  readonly second: string;
}

/** Bytes of an image by which candidates are found. */
const SAMPLES = 64;

/**
 * Images that are in both data sets, pixel by pixel, such as test images among those that a network was trained on. Reads every
 * image once; memory holds a short key for each image of the second one.
 *
 * @param first - Borrowed, as `second`, which had better be the smaller one.
 * @returns A pair for each image of the first data set that the second one has, with the first of equal ones.
 */
export async function sharedImages(first: Dataset, second: Dataset): Promise<SharedImage[]> {
  const candidates = new Map<string, number[]>();
  for (let index = 0; index < second.size; index++) {
    const key = keyOf(await second.read(index));
    candidates.set(key, [...(candidates.get(key) ?? []), index]);
  }
  const shared: SharedImage[] = [];
  for (let index = 0; index < first.size; index++) {
    const image = await first.read(index);
    for (const candidate of candidates.get(keyOf(image)) ?? []) {
      if (!isSame(image, await second.read(candidate))) continue;
      shared.push({ first: first.id(index), second: second.id(candidate) });
      break;
    }
  }
  return shared;
}

function keyOf({ height, width, channels, data }: RawImage): string {
  const step = Math.max(1, Math.floor(data.length / SAMPLES));
  const samples = Array.from({ length: Math.min(SAMPLES, data.length) }, (_, i) => data[i * step]!);
  return `${height} ${width} ${channels};${String.fromCharCode(...samples)}`;
}

function isSame(a: RawImage, b: RawImage): boolean {
  if (a.height !== b.height || a.width !== b.width || a.channels !== b.channels) return false;
  return Buffer.compare(a.data, b.data) === 0;
}
