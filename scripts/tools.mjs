// What the other scripts share: where the project is, how to run pnpm on a machine that has only Node and npm.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.env.TURBO_TELEMETRY_DISABLED ??= "1";

export const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const shell = process.platform === "win32";

/** Options of a command whose output is shown only if it fails. */
export const quiet = { stdio: ["ignore", "pipe", "pipe"], maxBuffer: 2 ** 28 };

/** Runs a command in the project's root with its output shown; gives back its exit status. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, shell, stdio: "inherit", ...options });
  if (result.error) console.error(`${command}: ${result.error.message}`);
  if (result.status !== 0) for (const said of [result.stdout, result.stderr]) if (said) process.stderr.write(said);
  return result.status ?? 1;
}

/** Runs a command and gives back its output, or null where it fails. */
export function output(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, shell, encoding: "utf8", ...options });
  return status === 0 ? stdout.trim() : null;
}

let pnpmCommand;
/** The pnpm on the PATH if it is new enough, else the pinned one through npx. */
function findPnpm() {
  const version = output("pnpm", ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  if (version !== null && Number.parseInt(version, 10) >= 10) return ["pnpm"];
  return ["npx", "--yes", `pnpm@${manifest.config.pnpm}`];
}

/** Runs pnpm with these arguments. */
export function pnpm(args, options = {}) {
  pnpmCommand ??= findPnpm();
  const [command, ...prefix] = pnpmCommand;
  return run(command, [...prefix, ...args], options);
}

/** Debian packages by what shows that they are there. */
const DEBIAN_PACKAGES = [
  { name: "g++", present: () => onPath(process.env.CXX ?? "c++") },
  { name: "cmake", present: () => onPath("cmake") },
  { name: "make", present: () => onPath("make") || onPath("ninja") },
  { name: "libdnnl-dev", present: () => hasHeader("dnnl.h") },
];
const TEST_PACKAGES = [
  { name: "chromium", present: () => onPath("chromium") || onPath("google-chrome") },
  { name: "libvulkan1", present: () => hasLibrary("libvulkan.so.1") },
  { name: "openmpi-bin", present: () => onPath("mpirun.openmpi") },
  { name: "mpich", present: () => onPath("mpiexec.hydra") },
  { name: "iproute2", present: () => onPath("ip") },
];

function onPath(command) {
  return output("sh", ["-c", `command -v ${command}`]) !== null;
}

function hasLibrary(file) {
  return ["x86_64", "aarch64"].some((cpu) => existsSync(`/usr/lib/${cpu}-linux-gnu/${file}`));
}

function hasHeader(header) {
  const roots = [process.env.DNNL_ROOT, process.env.ONEDNN_ROOT, "/usr", "/usr/local", "/opt/homebrew"];
  return roots.some((prefix) => prefix && existsSync(`${prefix}/include/${header}`));
}

/**
 * Installs the Debian packages that the native backend (and, if asked, the tests) need and that are missing.
 * Where it may not, it says which command does, and returns false.
 */
export function installDebianPackages({ forTests = false } = {}) {
  const wanted = forTests ? [...DEBIAN_PACKAGES, ...TEST_PACKAGES] : DEBIAN_PACKAGES;
  const missing = wanted.filter(({ present }) => !present()).map(({ name }) => name);
  if (missing.length === 0) return true;
  const line = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() === 0 && onPath("apt-get")) {
    console.log(`setup: ${line}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    if (run("apt-get", ["update", "-qq"], { env }) !== 0)
      console.error("setup: apt-get update failed; trying the install all the same");
    if (run("sh", ["-c", `${line} -qq`], { env }) === 0) return true;
    console.error(`setup: "${line}" failed`);
    return false;
  }
  console.error(`setup: missing ${missing.join(", ")}. Run this, then try again:\n  sudo ${line}`);
  return false;
}
