import { expect, it } from "vitest";
import { type AdvisedLoader, starvationAdvice } from "./starvation-advice.js";

const loader = (times: [read: number, decode: number, crop: number], rest: Partial<AdvisedLoader>): AdvisedLoader => {
  const [readMs, decodeMs, cropMs] = times;
  const stats = { batches: 9, prepared: 9, waitMs: 1, skipped: [], readMs, decodeMs, cropMs };
  return { kind: "cropped", source: "files", workers: 8, stats: () => stats, ...rest };
};

it("says where the time goes and what helps there", () => {
  expect(starvationAdvice(loader([50, 800, 150], {}), 16, 4)).toBe(
    "Of the loader's time, reading takes 5 %, decoding 80 % and cropping 15 %. Decode once instead of in every epoch: cache the images, in a file if memory is short. Use more threads: 8 of 16 cores have one. Images are decoded on 4 threads in all: start the program with UV_THREADPOOL_SIZE=16.",
  );
  expect(starvationAdvice(loader([10, 0, 90], { source: "cache", workers: 2 }), 2, 4)).toBe(
    "Of the loader's time, reading takes 10 %, decoding 0 % and cropping 90 %. Crop smaller images, or with the kernel bilinear. Every core is in use already: more cores help, or smaller images (maxSide).",
  );
  expect(starvationAdvice(loader([0, 0, 0], { source: "dataset", kind: "raw", workers: 0 }), 2, 4)).toBe(
    "The data set's own `read` runs on the thread that trains: cache its images.",
  );
});
