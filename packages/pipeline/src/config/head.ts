import { z } from "zod";

const count = z.int().min(1);

const builtIn = z.strictObject({
  layers: z.int().min(0).max(8).default(3),
  dimension: count.default(128),
  hidden: count.optional().describe("length between the layers; by default the encoder's features"),
});

/** SimCLR's head. */
export type BuiltInHead = z.output<typeof builtIn> & { readonly name?: undefined };

/** A head of a plugin, its options beside the name. */
export interface NamedHead {
  readonly name: string;
  readonly [option: string]: unknown;
}

const NAME = { type: "string", minLength: 1, description: "a head of a plugin, with its options beside the name" };

/** What a JSON schema says of the head: the keys of the built-in one, and the one that names another. */
const DESCRIBED = { properties: { ...z.toJSONSchema(builtIn, { io: "input" }).properties, name: NAME } };

/** The built-in head, or one of a plugin by its name, whose options are checked once the plugin is loaded. */
export const head = z
  .looseObject({ name: z.string().min(1).optional() })
  .meta(DESCRIBED)
  .transform(({ name, ...options }, context): BuiltInHead | NamedHead => {
    if (name !== undefined) return { ...options, name };
    const parsed = builtIn.safeParse(options);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: options } as z.core.$ZodRawIssue);
    return z.NEVER;
  });
