import { openDataset } from "@simclr/data";

/** Images that are read of each data set: the first and the last. */
const READ = 2;

/** Opens a path and reads some of its images; a rejection of either is what fuzzing looks at. */
export async function readSome(path, options) {
  const dataset = await openDataset(path, { maxPixels: 1_000_000, ...options });
  try {
    const indices = new Set([0, dataset.size - 1].slice(0, READ));
    for (const index of indices) await dataset.read(index);
  } finally {
    await dataset.close();
  }
}
