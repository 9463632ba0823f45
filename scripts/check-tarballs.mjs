#!/usr/bin/env node
// Packs every public package and installs each alone, with npm, into an empty project: it must import,
// type-check and, where it is for browsers, bundle.
// Packages of this repository that it depends on come from their tarballs too, as nothing is published here. At last the
// example plugins, in a project of their own. Names, or "examples", choose what is checked.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { runOnBareSystem } from "./bare-system.mjs";
import { wrongInBrowser } from "./browser-bundle.mjs";
import { checkExamples } from "./check-examples.mjs";
import { hasPrebuilt, packAll, packages } from "./pack.mjs";
import { root } from "./tools.mjs";

const only = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), "simclr-tarballs-"));
const tarballs = join(work, "tarballs");
mkdirSync(tarballs);
const files = Object.fromEntries(Object.entries(packAll(tarballs)).map(([name, file]) => [name, `file:${file}`]));

const core = "@tensorflow/tfjs-core";
const env = { ...process.env, SIMCLR_NATIVE: "required" };
let failed = 0;
const queue = packages.filter(({ manifest }) => only.length === 0 || only.includes(manifest.name));
// One a core: most of the time goes to npm and the compiler.
await Promise.all(Array.from({ length: availableParallelism() }, worker));
if (only.length === 0 || only.includes("examples")) {
  const broken = await checkExamples(files, work);
  if (broken !== undefined) failed++;
  console.log(broken === undefined ? "ok  examples" : `failed (${broken})  examples`);
}
rmSync(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);

async function worker() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await check(next);
}

async function check({ manifest }) {
  const { name, version } = manifest;
  const project = join(work, name.replace(/\W+/g, "-"));
  mkdirSync(project);
  const dependencies = {
    [name]: files[name],
    ...(manifest.peerDependencies?.[core] && { [core]: manifest.peerDependencies[core] }),
  };
  const overrides = Object.fromEntries(Object.entries(files).filter(([other]) => other !== name));
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "consumer", private: true, type: "module", dependencies, overrides }),
  );
  const entries = Object.keys(manifest.exports)
    .filter((entry) => entry !== "./package.json")
    .map((entry) => name + entry.slice(1));
  const typed = entries.map((entry, i) => `import * as m${i} from "${entry}";\nexport const used${i} = m${i};\n`);
  for (const file of ["consumer.mts", "consumer.cts"]) writeFileSync(join(project, file), typed.join(""));
  writeFileSync(join(project, "run.mjs"), entries.map((entry) => `await import("${entry}");\n`).join(""));
  writeFileSync(join(project, "run.cjs"), entries.map((entry) => `require("${entry}");\n`).join(""));
  const isNative = "build:prebuilt" in manifest.scripts;
  if (isNative) writeFileSync(join(project, "compute.mjs"), computeProgram(name));
  const native = join(project, "node_modules", name, "scripts/build-native.mjs");
  const steps = [
    ["install", "npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]],
    [
      "types",
      process.execPath,
      [
        join(root, "node_modules/typescript/bin/tsc"),
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--exactOptionalPropertyTypes",
        "--noUncheckedIndexedAccess",
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "consumer.mts",
        "consumer.cts",
      ],
    ],
    ["import", process.execPath, ["run.mjs"]],
    ["require", process.execPath, ["run.cjs"]],
    ["browser", () => browser(name, entries, project)],
    ...(isNative && hasPrebuilt
      ? [
          ["no compilation where the prebuilt package fits", () => (existsSync(join(native, "../../build")) ? 1 : 0)],
          ["system without libraries and compiler", () => runOnBareSystem(project, "compute.mjs")],
        ]
      : []),
    // What a package compiles, it must be able to compile where it was installed.
    ...(isNative ? [["native build", process.execPath, [native]]] : []),
  ];
  const broken = await firstBroken(steps, project);
  if (broken) failed++;
  console.log(`${broken ? `failed (${broken[0]})` : "ok"}  ${name}@${version}: ${entries.join(", ")}`);
  rmSync(join(project, "node_modules"), { recursive: true, force: true });
}

/** The first step that does not end with 0; later ones are not taken. */
async function firstBroken(steps, cwd) {
  for (const step of steps) {
    const [, action, args] = step;
    const status = typeof action === "function" ? await action() : await runQuietly(action, args, cwd);
    if (status !== 0) return step;
  }
  return undefined;
}

/** The exit status of a program, whose output is shown where it failed. */
async function runQuietly(command, args, cwd) {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));
  const [status] = await once(child, "close");
  if (status !== 0) process.stderr.write(Buffer.concat(output));
  return status ?? 1;
}

async function browser(name, entries, project) {
  const wrong = await wrongInBrowser(name, entries, project);
  if (wrong !== undefined) console.error(`${name}: ${wrong}`);
  return wrong === undefined ? 0 : 1;
}

/** Computes on the installed prebuilt addon; the result's middle is the sum of the filter. */
function computeProgram(name) {
  return `import "${name}/register";
import { onednnInfo } from "${name}";
import * as tf from "${core}";
tf.env().set("PROD", true);
await tf.setBackend("onednn");
const y = tf.conv2d(tf.ones([1, 5, 5, 2]), tf.ones([3, 3, 2, 4]), 1, "same").dataSync();
const { file } = onednnInfo();
if (y[4 * 12] !== 18) throw new Error("a convolution of ones gave " + y);
if (!/backend-onednn-linux-\\w+-gnu/.test(file)) throw new Error("loaded " + file);
`;
}
