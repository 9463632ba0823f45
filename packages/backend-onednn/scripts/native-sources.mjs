// Which sources the addon is made of, and one short name for their state. The addon carries it from its compilation, the JavaScript
// from its own build, and the loader compares: neither works with another state of the other.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What the addon is compiled from: absolute paths, in a fixed order. */
function files() {
  const sources = ["binding", "kernels", "runtime"].flatMap((folder) =>
    readdirSync(join(root, "src", folder))
      .filter((name) => /\.(cc|h|inc)$/.test(name))
      .sort()
      .map((name) => join(root, "src", folder, name)),
  );
  return [join(root, "CMakeLists.txt"), ...sources];
}

/** 16 hexadecimal digits that differ wherever a file, or a file's name, differs. */
export function nativeSources() {
  const hash = createHash("sha256");
  for (const file of files())
    hash
      .update(`${relative(root, file).replaceAll(sep, "/")}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}
