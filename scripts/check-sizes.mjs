#!/usr/bin/env node
// The size of each entry of each package: its own code without what it depends on, minified and gzipped. Fails where one is
// above its budget in scripts/size-budgets.json; --update sets the budgets to a tenth above what there is. The time that an
// import takes, in a fresh process, is shown beside it (--times).
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { publicPackages } from "./readme-examples.mjs";
import { root } from "./tools.mjs";

// The esbuild that tsup builds the packages with.
const { build } = createRequire(createRequire(import.meta.url).resolve("tsup"))("esbuild");
const FILE = join(root, "scripts", "size-budgets.json");
const update = process.argv.includes("--update");
const times = process.argv.includes("--times");
const budgets = update ? {} : JSON.parse(readFileSync(FILE, "utf8"));
const TIMER =
  "const t = performance.now(); await import(process.argv[1]); process.stdout.write(String(performance.now() - t)); process.exit(0);";

async function sizeOf(file) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "error",
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/** The fastest of three, in milliseconds: what other processes do only adds to it. */
function importTime(name, folder) {
  const once = () => {
    const args = ["--input-type=module", "-e", TIMER, name];
    return Number(spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" }).stdout);
  };
  return Math.min(once(), once(), once());
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);
let failed = 0;
for (const { folder, manifest } of publicPackages())
  for (const [entry, target] of Object.entries(manifest.exports)) {
    if (typeof target !== "object") continue;
    const name = manifest.name + entry.slice(1);
    const size = await sizeOf(join(folder, target.default));
    if (update) budgets[name] = Math.ceil((size * 1.1) / 100) * 100;
    const budget = budgets[name];
    const isOver = budget === undefined || size > budget;
    if (isOver) failed++;
    const time = times ? `  ${importTime(name, folder).toFixed(0).padStart(5)} ms` : "";
    const verdict = budget === undefined ? "has no budget" : isOver ? "is ABOVE its budget" : "of";
    console.log(`${kilobytes(size)} ${verdict} ${budget === undefined ? "" : kilobytes(budget)}${time}  ${name}`);
  }
if (update) writeFileSync(FILE, `${JSON.stringify(budgets, null, 2)}\n`);
if (failed > 0)
  console.error(
    "sizes: make the code smaller, or raise the budget with `npm run sizes -- --update` and say why in the commit.",
  );
process.exit(failed === 0 ? 0 : 1);
