#!/usr/bin/env node
// Packs every public package and installs each alone, with npm, into an empty project: it must import and type-check.
// Packages of this repository that it depends on come from their tarballs too, as nothing is published here. At last the
// example plugins, in a project of their own. Names, or "examples", choose what is checked.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkExamples } from "./check-examples.mjs";
import { pnpm, root, run } from "./tools.mjs";

const only = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), "simclr-tarballs-"));
const tarballs = join(work, "tarballs");
mkdirSync(tarballs);
const packages = ["packages", "apps"]
  .flatMap((area) => readdirSync(join(root, area)).map((name) => ({ area, folder: join(root, area, name) })))
  .map(({ folder }) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }));

const files = {};
for (const { folder, manifest } of packages) {
  if (pnpm(["pack", "--pack-destination", tarballs], { cwd: folder, stdio: ["ignore", 2, "inherit"] }) !== 0)
    fail(`${manifest.name}: pnpm pack failed`);
  files[manifest.name] =
    `file:${join(tarballs, `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`)}`;
}

const core = "@tensorflow/tfjs-core";
const env = { ...process.env, SIMCLR_NATIVE: "required" };
let failed = 0;
for (const { manifest } of packages) {
  const { name, version } = manifest;
  if (only.length > 0 && !only.includes(name)) continue;
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
  writeFileSync(
    join(project, "consumer.ts"),
    entries.map((entry, i) => `import * as m${i} from "${entry}";\nexport const used${i} = m${i};\n`).join(""),
  );
  writeFileSync(join(project, "run.mjs"), entries.map((entry) => `await import("${entry}");\n`).join(""));
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
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "consumer.ts",
      ],
    ],
    // What a package compiles, it must be able to compile where it was installed.
    ...(manifest.scripts["build:native"] ? [["native build", process.execPath, [native]]] : []),
    ["import", process.execPath, ["run.mjs"]],
  ];
  const broken = steps.find(
    ([, command, args]) => run(command, args, { cwd: project, stdio: ["ignore", 2, "inherit"], env }) !== 0,
  );
  if (broken) failed++;
  console.log(`${broken ? `failed (${broken[0]})` : "ok"}  ${name}@${version}: ${entries.join(", ")}`);
  rmSync(join(project, "node_modules"), { recursive: true, force: true });
}
if (only.length === 0 || only.includes("examples")) {
  const broken = await checkExamples(files, work);
  if (broken !== undefined) failed++;
  console.log(broken === undefined ? "ok  examples" : `failed (${broken})  examples`);
}
rmSync(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);

function fail(message) {
  console.error(message);
  process.exit(1);
}
