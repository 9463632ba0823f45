import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** All modules that `file` imports as values or types, followed through this package's own files. */
async function importsOf(file: string, seen = new Set<string>()): Promise<Set<string>> {
  const source = await readFile(file, "utf8");
  const found = new Set<string>();
  for (const [, specifier] of source.matchAll(/(?:from|import) "([^"]+)"/g)) {
    if (!specifier!.startsWith(".")) found.add(specifier!);
    const path = join(dirname(file), specifier!.replace(/\.js$/, ".ts"));
    if (!specifier!.startsWith(".") || seen.has(path)) continue;
    seen.add(path);
    for (const inner of await importsOf(path, seen)) found.add(inner);
  }
  return found;
}

it("the main entry imports nothing of Node's, the node entry does", async () => {
  const entry = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const main = await importsOf(entry("./index.ts"));
  expect([...main].sort()).toEqual(["@simclr/core", "@simclr/optim", "@tensorflow/tfjs-core"]);
  expect(await importsOf(entry("./node.ts"))).toContain("node:fs/promises");
});
