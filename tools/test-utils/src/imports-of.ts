import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** All modules that `file` imports as values or types, followed through its package's own files; sorted. */
export async function importsOf(file: string): Promise<string[]> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = await readFile(path, "utf8");
    for (const [, specifier] of source.matchAll(/(?:from|import) "([^"]+)"/g)) {
      if (specifier!.startsWith(".")) await visit(join(dirname(path), specifier!.replace(/\.js$/, ".ts")));
      else found.add(specifier!);
    }
  };
  await visit(file);
  return [...found].sort();
}
