import { z } from "zod";

export const positive = z.number().positive();
export const count = z.int().min(1);
/** More than none of something, at most all. */
export const share = z.number().gt(0).max(1);

/** [low, high]. */
export const range = z
  .tuple([positive, positive])
  .refine(([low, high]) => low <= high, { message: "must be [low, high] with low <= high" });
