// Compiles the addon where this machine can; otherwise says what to install and leaves the other backends in charge.
// SIMCLR_NATIVE=required makes a failure fatal, SIMCLR_NATIVE=skip does nothing.
// --sanitize builds the addon of `test:asan` instead, in a folder of its own.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { nativeSources } from "./native-sources.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sanitize = process.argv.includes("--sanitize");
const folder = join(root, "build", sanitize ? "sanitized" : "");
const output = join(folder, "simclr_onednn.node");
const stamp = join(folder, "sources.sha256");
const mode = process.env.SIMCLR_NATIVE ?? "optional";

function giveUp(reason) {
  const message = `backend-onednn: ${reason}`;
  if (mode === "required") {
    console.error(message);
    process.exit(1);
  }
  console.warn(`${message}\nbackend-onednn: skipped; the other backends work without it.`);
  process.exit(0);
}

/** Everything the addon depends on, in one number: sources, and the tools' settings. */
function dependencyHash() {
  const hash = createHash("sha256").update(sources);
  for (const name of ["CC", "CXX", "CXXFLAGS", "DNNL_ROOT", "ONEDNN_ROOT"]) {
    hash.update(`${name}=${process.env[name] ?? ""}\0`);
  }
  return hash.update(`${process.platform}-${process.arch}`).digest("hex");
}

const runs = (command, args = ["--version"]) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

function missingPackages() {
  const missing = [];
  if (!runs(process.env.CXX ?? "c++")) missing.push("g++");
  if (!runs("cmake")) missing.push("cmake");
  if (!runs("make") && !runs("ninja")) missing.push("make");
  const roots = [process.env.DNNL_ROOT, process.env.ONEDNN_ROOT, "/usr", "/usr/local", "/opt/homebrew"];
  if (!roots.some((folder) => folder && existsSync(join(folder, "include", "dnnl.hpp")))) missing.push("libdnnl-dev");
  return missing;
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status === 0) return;
  console.error(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  giveUp(`"${command} ${args.join(" ")}" failed${result.error ? ` (${result.error.message})` : ""}.`);
}

if (mode === "skip") process.exit(0);
const sources = nativeSources();
const hash = dependencyHash();
if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) process.exit(0);

const missing = missingPackages();
if (missing.length > 0) {
  giveUp(`cannot compile the addon, missing: ${missing.join(", ")}. Run: apt-get install -y ${missing.join(" ")}`);
}
const cmakeFolder = join(folder, "cmake");
mkdirSync(folder, { recursive: true });
const settings = [
  "-DCMAKE_BUILD_TYPE=Release",
  `-DSIMCLR_SANITIZE=${sanitize ? "ON" : "OFF"}`,
  `-DSIMCLR_SOURCES=${sources}`,
];
run("cmake", ["-S", ".", "-B", cmakeFolder, ...settings]);
run("cmake", ["--build", cmakeFolder, "--parallel", process.env.SIMCLR_BUILD_JOBS ?? "2"]);
// Renamed into place, so that a running program keeps the file it has mapped.
copyFileSync(join(cmakeFolder, "simclr_onednn.node"), `${output}.new`);
renameSync(`${output}.new`, output);
writeFileSync(stamp, hash);
console.log(`backend-onednn: built ${relative(process.cwd(), output) || output}`);
