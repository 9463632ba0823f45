import { type Method, methods } from "@simclr/methods";
import { z } from "zod";
import { nearest } from "../plugins/nearest.js";

const BUILT_IN: ReadonlyMap<string, Method> = new Map(Object.entries(methods));

/** The names of the built-in methods. */
export const METHOD_NAMES: readonly string[] = [...BUILT_IN.keys()];

/**
 * A pretraining method by its name, with its options beside the name. A built-in one's own schema checks them here, that of
 * a plugin's method once the plugin is loaded.
 */
export const method = z
  .looseObject({ name: z.string().min(1).default("simclr") })
  .transform(({ name, ...options }, context) => {
    const parsed = BUILT_IN.get(name)?.options.safeParse(options);
    if (parsed === undefined) return { name, ...(options as Readonly<Record<string, unknown>>) };
    if (parsed.success) return { name, ...(parsed.data as Readonly<Record<string, unknown>>) };
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: options } as z.core.$ZodRawIssue);
    return z.NEVER;
  });

/** The keys that a configuration may have below `method`, for the method that it names. */
export function methodKeys(name: unknown): string[] {
  const known = BUILT_IN.get(String(name ?? "simclr"));
  return ["name", ...(known === undefined ? [] : Object.keys(known.options.shape))];
}

/** Says that no built-in method is called so. */
export const unknownMethod = (name: string): string =>
  `unknown method.${nearest(name, METHOD_NAMES)} Built in are ${METHOD_NAMES.join(", ")}; name the plugin that holds another under \`plugins\``;
