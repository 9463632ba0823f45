#!/usr/bin/env node
// Runs the example that each package's README opens with, and checks its types, against the built packages. Names choose
// which. Where the machine has no WebGPU device, that example's types alone are checked.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publicPackages, readmeExamples, runExample, typeErrors } from "./readme-examples.mjs";
import { root } from "./tools.mjs";

const LANES = 2;
/** What examples import beside our packages, and a package here that has it. */
const OTHERS = {
  "@tensorflow/tfjs-core": "trainer",
  "@tensorflow/tfjs-backend-cpu": "trainer",
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

const examples = readmeExamples().filter(({ name }) => only.length === 0 || only.includes(name));
let failed = 0;
const types = typeErrors(examples, work);
if (types !== "") {
  failed++;
  console.error(types);
}
const hasWebgpu = ["x86_64", "aarch64"].some((cpu) => existsSync(`/usr/lib/${cpu}-linux-gnu/libvulkan.so.1`));
const waiting = [...examples];
async function lane() {
  for (let example = waiting.shift(); example !== undefined; example = waiting.shift()) {
    const { name } = example;
    if (name === "@simclr/backend-webgpu" && !hasWebgpu) {
      console.log(`types only  ${name}: this machine has no Vulkan`);
      continue;
    }
    const started = Date.now();
    const failure = await runExample(example, work);
    if (failure !== undefined) failed++;
    console.log(
      `${failure === undefined ? "ok" : "failed"}  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
    );
    if (failure !== undefined) console.error(failure);
  }
}
await Promise.all(Array.from({ length: LANES }, lane));
rmSync(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
