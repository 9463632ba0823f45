import { availableCores } from "@simclr/core/node";
import type { Loader } from "./loader.js";

/** Threads of libuv's pool unless `UV_THREADPOOL_SIZE` says otherwise; libvips decodes on them, for all worker threads. */
const POOL_THREADS = 4;

/** What `starvationAdvice` looks at. */
export type AdvisedLoader = Pick<Loader, "stats" | "workers" | "source" | "kind">;

/**
 * Why training waits for this loader, and what helps, in sentences; made from where the loader's time went.
 *
 * @param cores - Cores that this process may use. @defaultValue availableCores()
 * @param poolThreads - Threads of libuv's pool. @defaultValue the environment variable UV_THREADPOOL_SIZE, else 4
 */
export function starvationAdvice(
  loader: AdvisedLoader,
  cores = availableCores(),
  poolThreads = Number(process.env.UV_THREADPOOL_SIZE ?? POOL_THREADS),
): string {
  const { readMs, decodeMs, cropMs } = loader.stats();
  const total = readMs + decodeMs + cropMs;
  const share = (ms: number): string => `${Math.round((100 * ms) / Math.max(total, Number.MIN_VALUE))} %`;
  const sentences =
    total === 0
      ? []
      : [
          `Of the loader's time, reading takes ${share(readMs)}, decoding ${share(decodeMs)} and cropping ${share(cropMs)}.`,
        ];
  const { source, workers } = loader;
  if (source === "files")
    sentences.push("Decode once instead of in every epoch: cache the images, in a file if memory is short.");
  if (source === "dataset")
    sentences.push("The data set's own `read` runs on the thread that trains: cache its images.");
  if (loader.kind === "cropped" && workers < cores)
    sentences.push(`Use more threads: ${workers} of ${cores} cores have one.`);
  if (source === "files" && decodeMs > total / 2 && workers > poolThreads)
    sentences.push(
      `Images are decoded on ${poolThreads} threads in all: start the program with UV_THREADPOOL_SIZE=${cores}.`,
    );
  if (loader.kind === "cropped" && cropMs > total / 2)
    sentences.push("Crop smaller images, or with the kernel bilinear.");
  if (loader.kind === "cropped" && source !== "dataset" && workers >= cores)
    sentences.push("Every core is in use already: more cores help, or smaller images (maxSide).");
  return sentences.join(" ");
}
