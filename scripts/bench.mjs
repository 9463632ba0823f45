#!/usr/bin/env node
// pnpm bench NAME [options]: runs benchmarks/NAME.mjs; without a name it lists them.
import { existsSync, readdirSync } from "node:fs";
import { root, run } from "./tools.mjs";

const [name, ...options] = process.argv.slice(2);
const folder = `${root}/benchmarks`;
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.slice(0, -4));
if (name === undefined || !names.includes(name) || !existsSync(`${folder}/${name}.mjs`)) {
  console.error(
    `${name === undefined ? "bench: which one?" : `bench: there is no "${name}".`} There are: ${names.join(", ")}.`,
  );
  process.exit(2);
}
process.exit(run(process.execPath, [`${folder}/${name}.mjs`, ...options]));
