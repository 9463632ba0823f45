import type { DatasetCheck } from "@simclr/data";
import { z } from "zod";

const count = z.int().min(0);
const pixels = z.int().min(1);
const sized = z.strictObject({ id: z.string(), width: pixels, height: pixels });

const dataset = z.strictObject({
  name: z.string(),
  images: count,
  labelled: count,
  classes: z.array(z.strictObject({ name: z.string(), images: count })),
  imbalance: z.number().min(1).nullable(),
  sizes: z
    .strictObject({
      smallest: sized,
      largest: sized,
      shorterSide: z.strictObject({ min: pixels, p5: pixels, median: pixels, p95: pixels, max: pixels }),
      distinct: count,
      common: z.array(z.strictObject({ width: pixels, height: pixels, images: count })).max(5),
    })
    .nullable(),
  kinds: z.array(z.strictObject({ kind: z.string(), images: count })),
  broken: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  ignored: z.array(z.string()).max(100),
  ignoredCount: count,
});

/** What `simclr data check --json` prints: `DatasetCheck` of `@simclr/data`. */
export const dataCheckSchema: z.ZodType<DatasetCheck> = z.strictObject({
  formatVersion: z.literal(1),
  datasets: z.array(dataset).min(1),
  duplicates: z.array(
    z.strictObject({
      images: z.array(z.strictObject({ dataset: z.string(), id: z.string(), label: z.string().nullable() })).min(2),
      labelsDiffer: z.boolean(),
      acrossDatasets: z.boolean(),
    }),
  ),
  problems: z.array(z.string()),
  notes: z.array(z.string()),
});
