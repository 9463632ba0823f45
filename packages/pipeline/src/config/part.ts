import { z } from "zod";

/** An augmentation, a loss or a hook by its name, with its options beside the name: built-in ones and those of plugins alike. */
export const part = z.union([z.string().min(1), z.looseObject({ name: z.string().min(1) })], {
  error: "must be a name, or { name: …, options … }",
});
