import { type MethodName, methods } from "@simclr/methods";
import { z } from "zod";

const METHOD_NAMES = Object.keys(methods) as MethodName[];

/** A pretraining method by its name, with its options beside the name: the method's own schema checks them. */
export const method = z
  .looseObject({ name: z.enum(METHOD_NAMES).default("simclr") })
  .transform(({ name, ...options }, context) => {
    const parsed = methods[name].options.safeParse(options);
    if (parsed.success) return { name, ...(parsed.data as Readonly<Record<string, unknown>>) };
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: options } as z.core.$ZodRawIssue);
    return z.NEVER;
  });

/** The keys that a configuration may have below `method`, for the method that it names. */
export function methodKeys(name: unknown): string[] {
  const known = METHOD_NAMES.find((one) => one === (name ?? "simclr"));
  return ["name", ...(known === undefined ? [] : Object.keys(methods[known].options.shape))];
}
