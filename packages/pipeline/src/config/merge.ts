/**
 * A value of a configuration that was put together from several sources, and the source that each part of it came from. Lists
 * are whole: they come from one source.
 */
export interface Sourced<Source> {
  readonly source: Source;
  readonly content: ReadonlyMap<string, Sourced<Source>> | { readonly value: unknown };
}

/** A value that comes whole from one source. */
export function sourced<Source>(value: unknown, source: Source): Sourced<Source> {
  if (!isRecord(value)) return { source, content: { value } };
  return { source, content: new Map(Object.entries(value).map(([key, inner]) => [key, sourced(inner, source)])) };
}

/**
 * Lays one value over another: blocks are merged key by key, everything else is replaced, and `null` removes what is there. A
 * block below the top that names another thing (`method: { name: byol }` over `{ name: simclr, temperature: 0.5 }`)
 * replaces the whole block, whose options belong to the old name; `backend` has the same options under each name.
 */
export function layOver<Source>(
  base: Sourced<Source>,
  over: Sourced<Source>,
  path: readonly string[] = [],
): Sourced<Source> {
  const [below, above] = [base.content, over.content];
  if (!(below instanceof Map && above instanceof Map)) return over;
  const namesAnother = path.length > 0 && path.join(".") !== "backend" && differ(nameOf(below), nameOf(above));
  const merged = new Map(namesAnother ? [] : below);
  for (const [key, value] of above) {
    const old = merged.get(key);
    if (isNull(value)) merged.delete(key);
    else merged.set(key, old === undefined ? value : layOver(old, value, [...path, key]));
  }
  return { source: over.source, content: merged };
}

/** The value without its sources. */
export function plain({ content }: Sourced<unknown>): unknown {
  if (!(content instanceof Map)) return (content as { value: unknown }).value;
  return Object.fromEntries([...content].map(([key, inner]) => [key, plain(inner)]));
}

/** The source of what is at a path, else of the nearest block around it. */
export function sourceOf<Source>(root: Sourced<Source>, path: readonly PropertyKey[]): Source {
  let at = root;
  for (const step of path) {
    const inner = at.content instanceof Map ? at.content.get(String(step)) : undefined;
    if (inner === undefined) break;
    at = inner;
  }
  return at.source;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isNull = ({ content }: Sourced<unknown>): boolean =>
  !(content instanceof Map) && (content as { value: unknown }).value === null;

const nameOf = (block: ReadonlyMap<string, Sourced<unknown>>): unknown => {
  const name = block.get("name");
  return name === undefined ? undefined : plain(name);
};

const differ = (a: unknown, b: unknown): boolean => a !== undefined && b !== undefined && a !== b;
