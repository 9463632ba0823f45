import { DATASET_FORMATS, DATASET_SPLITS } from "@simclr/data";
import { z } from "zod";
import { count, positive } from "./numbers.js";

/** Images: a path, or the data set of a plugin with its options beside the name. */
const imagesSpec = z.union([z.string(), z.looseObject({ name: z.string().min(1) })], {
  error: "must be a path, or the data set of a plugin, { name: …, options … }",
});

/** Test images that are taken from the training images. */
const heldOut = z.strictObject({
  holdOut: z.number().gt(0).lt(1).describe("share of each class's labelled training images, one at least"),
});

/** Whether the test images are held out of the training images. */
export const isHoldOut = (spec: string | Readonly<Record<string, unknown>>): spec is z.output<typeof heldOut> =>
  typeof spec === "object" && "holdOut" in spec;

const byte = z.int().min(0).max(255);

/** How files are read, where looking at the path does not say it. */
const reading = {
  format: z
    .enum(DATASET_FORMATS)
    .optional()
    .describe("the layout of the files; by default found by looking at the path"),
  columns: z
    .strictObject({ image: z.string().min(1).optional(), label: z.string().min(1).optional() })
    .optional()
    .describe("columns of CSV, JSONL and Parquet, keys of WebDataset's JSON, arrays of .npz"),
  classNames: z
    .array(z.string().min(1))
    .min(2)
    .optional()
    .describe("the classes in the order of their indices; any other class is an error"),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, { message: "must be [low, high] with low < high" })
    .optional()
    .describe("values of arrays that become black and white; by default [0, 1] for floats"),
  layout: z.enum(["NHWC", "NCHW"]).optional().describe("order of the dimensions of arrays; by default NHWC"),
  background: z
    .tuple([byte, byte, byte])
    .optional()
    .describe("red, green, blue that show through transparent images; by default alpha is dropped"),
  cacheFolder: z
    .string()
    .min(1)
    .optional()
    .describe("where files of URLs and decoded images are kept; by default ~/.cache/simclr"),
};

/** The images, and how they are read. */
export const data = z.strictObject({
  root: z.string().optional().describe("folder that the paths below are relative to; the command line's --data"),
  train: imagesSpec.describe(
    '"shapes", an http(s) URL, or a folder, file or pattern of files below the root, as docs/data.md says; or a data set of a plugin, { name: …, options … }',
  ),
  test: z
    .union([z.string(), heldOut, z.looseObject({ name: z.string().min(1) })], {
      error:
        "must be a path, { holdOut: share } of the training images, or the data set of a plugin, { name: …, options … }",
    })
    .describe("labelled images, used only to measure; or { holdOut: 0.2 }, a share of the labelled training images"),
  labels: z
    .string()
    .optional()
    .describe("CSV with the columns file and label, or an array of labels, for training images without their own"),
  testLabels: z.string().optional().describe("the same for the test images"),
  split: z.enum(DATASET_SPLITS).default("train").describe("which part of a data set with splits is trained on"),
  testSplit: z.enum(DATASET_SPLITS).default("test").describe("which part is measured on"),
  ...reading,
  limit: count.optional().describe("take the first n training images only"),
  testLimit: count.optional().describe("measure on the first n test images only, for a quick try"),
  imageSize: count.describe("side in pixels that the network sees"),
  channels: count
    .default(3)
    .describe(
      "1 for grey, 3 for RGB, 4 for RGB and the alpha channel, whatever that holds; for arrays as many as they have",
    ),
  onBroken: z
    .enum(["error", "skip"])
    .default("error")
    .describe("skip leaves broken images out, and counts and lists them"),
  maxSkipped: z.int().min(0).default(1000).describe("with onBroken: skip, more broken images than this are an error"),
  cache: z
    .enum(["auto", "memory", "file"])
    .default("auto")
    .describe("where decoded images are kept; auto: in memory if they fit into maxCacheMegabytes, else in a file"),
  maxCacheMegabytes: positive.default(4096).describe("of memory"),
  workers: count.optional().describe("threads that decode and crop; by default the cores, at most 8"),
});
