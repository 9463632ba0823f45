import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));

/** What is loaded before any command runs: packages by name, our own built files opened. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name] of readFileSync(file, "utf8").matchAll(
    /^(?:import|export|\}) ?(?:[^"\n]* )?(?:from )?"([^"]+)";$/gm,
  )) {
    if (name!.startsWith(".")) loadedBy(resolve(dirname(file), name!), seen);
    else seen.add(name!);
  }
  return seen;
}

it("starts without the packages that commands need: --help loads none of them, and no tfjs", () => {
  const packages = [...loadedBy(BIN)].filter((name) => !name.startsWith("/"));
  expect(packages.sort()).toEqual(["commander", "fs"]);
});
