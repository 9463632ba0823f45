#!/usr/bin/env node
// Runs the example that each package's README opens with, and the pages of docs/tutorials, and checks their types, against the
// built packages. Names choose which: of packages, or `tutorials/a-la-carte`. What this machine cannot run is said.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publicPackages, readmeExamples, runExample, typeErrors } from "./readme-examples.mjs";
import { root } from "./tools.mjs";
import { runTutorial, tutorials, typedFiles } from "./tutorials.mjs";

const LANES = 2;
/** What examples import beside our packages, and a package here that has it. */
const OTHERS = {
  "@tensorflow/tfjs-core": "trainer",
  "@tensorflow/tfjs-backend-cpu": "trainer",
  "@tensorflow/tfjs-backend-webgl": "exchange",
  "@types/node": "trainer",
};
const LINK = process.platform === "win32" ? "junction" : "dir";

const only = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), "simclr-readmes-"));
const link = (name, target) => {
  const path = join(work, "node_modules", name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, LINK);
};
for (const { folder, manifest } of publicPackages()) link(manifest.name, folder);
for (const [name, owner] of Object.entries(OTHERS)) link(name, join(root, "packages", owner, "node_modules", name));

const isChosen = (name) => only.length === 0 || only.includes(name);
const examples = readmeExamples().filter(({ name }) => isChosen(name));
const pages = tutorials().filter(({ name }) => isChosen(`tutorials/${name}`));
let failed = 0;
const types = typeErrors([...examples, ...pages.flatMap(typedFiles)], work);
if (types !== "") {
  failed++;
  console.error(types);
}
const hasWebgpu = ["x86_64", "aarch64"].some((cpu) => existsSync(`/usr/lib/${cpu}-linux-gnu/libvulkan.so.1`));

async function runReadme(example) {
  if (example.name === "@simclr/backend-webgpu" && !hasWebgpu)
    return { skipped: ["types only: this machine has no Vulkan"] };
  return { failure: await runExample(example, work), skipped: [] };
}

const waiting = [
  ...pages.map((page) => ({ name: `tutorials/${page.name}`, action: () => runTutorial(page, work) })),
  ...examples.map((example) => ({ name: example.name, action: () => runReadme(example) })),
];
async function lane() {
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    const started = Date.now();
    const { failure, skipped } = await one.action().catch((error) => ({ failure: error.stack, skipped: [] }));
    if (failure !== undefined) failed++;
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${failure === undefined ? "ok" : "failed"}  ${one.name} (${seconds} s)`);
    for (const what of skipped) console.log(`SKIPPED  ${one.name}: ${what}`);
    if (failure !== undefined) console.error(failure);
  }
}
await Promise.all(Array.from({ length: LANES }, lane));
rmSync(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
