import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const FIXTURES = fileURLToPath(new URL("../../../packages/data/fixtures/", import.meta.url));

/** Files of the fixtures below a folder, by name; those that end in .gz unpacked. */
export function fixtures(folder) {
  const files = {};
  for (const entry of readdirSync(join(FIXTURES, folder), { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = readFileSync(join(FIXTURES, folder, entry.name));
    if (entry.name.endsWith(".gz")) files[entry.name.slice(0, -3)] = gunzipSync(bytes);
    else files[entry.name] = bytes;
  }
  return files;
}

/** Writes a file and the folders above it; gives its path. */
export function put(folder, name, bytes) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
