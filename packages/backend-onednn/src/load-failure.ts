import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BackendError } from "@simclr/core";
import { OTHER_SOURCES } from "./native-sources.js";

/** A file or package that was to give the addon, and what `require` said. */
export interface FailedAttempt {
  /** Absolute path of a file, or name of a package. */
  readonly candidate: string;
  readonly cause: NodeJS.ErrnoException;
}

/** What went wrong with an attempt, in words, and what would mend it. */
interface Finding {
  readonly problem: string;
  readonly remedy?: string;
}

const PACKAGE = "@simclr/backend-onednn";
/** What a source build needs, by platform. */
const TOOLS: Readonly<Record<string, string>> = {
  linux: "apt-get install -y g++ cmake make libdnnl-dev",
  darwin: "brew install cmake onednn libomp",
};
/** Debian packages of the libraries that an addon built from source uses. */
const LIBRARIES: Readonly<Record<string, string>> = {
  "libdnnl.so.2": "libdnnl2",
  "libgomp.so.1": "libgomp1",
  "libOpenCL.so.1": "ocl-icd-libopencl1",
};

/** Name of the package with the prebuilt addon for this platform, whether or not there is one. */
export function prebuiltPackage(): string {
  const libc = process.platform === "linux" ? "-gnu" : "";
  return `${PACKAGE}-${process.platform}-${process.arch}${libc}`;
}

/** The error of a program that cannot load the addon: what was tried, and what helps on this platform. */
export function explainFailure(attempts: readonly FailedAttempt[]): BackendError {
  const cause = attempts.at(-1)?.cause;
  const limit = attempts.map((attempt) => firstLine(attempt)).find((line) => line.startsWith("SIMCLR_MAX_ISA"));
  if (limit) return new BackendError(limit, { subject: "SIMCLR_MAX_ISA", cause });
  const findings = attempts.map((attempt) => examine(attempt));
  const remedies = findings.map(({ remedy }) => remedy).filter((remedy) => remedy !== undefined);
  if (!process.env.SIMCLR_ONEDNN_ADDON) remedies.push(sourceBuild());
  remedies.push('tfjs\'s own backend, slow: import "@tensorflow/tfjs-backend-cpu" and call tf.setBackend("cpu")');
  const message = [
    `Cannot load the oneDNN backend on ${platform()}. Tried:`,
    ...attempts.map(({ candidate }, i) => `  ${candidate}: ${findings[i]!.problem}`),
    "What helps, one of:",
    ...[...new Set(remedies)].map((remedy) => `  ${remedy}`),
  ].join("\n");
  return new BackendError(message, { subject: "onednn", cause });
}

function examine(attempt: FailedAttempt): Finding {
  const { candidate, cause } = attempt;
  const line = firstLine(attempt);
  const installed = isAbsolute(candidate);
  if (cause.code === "MODULE_NOT_FOUND" && isNamed(candidate))
    return { problem: "there is no such file", remedy: "correct or unset SIMCLR_ONEDNN_ADDON" };
  if (cause.code === "MODULE_NOT_FOUND" && installed) return { problem: "not built" };
  if (cause.code === "MODULE_NOT_FOUND") return notInstalled(candidate);
  if (cause.code === OTHER_SOURCES) return { problem: line, remedy: renewal(candidate) };
  const version = /version `(GLIBC|GLIBCXX)_([\d.]+)' not found/.exec(line);
  if (version) return { problem: `needs ${version[1] === "GLIBC" ? "glibc" : "libstdc++"} ${version[2]} or newer` };
  const library = /^(lib[\w.+-]+): cannot open shared object file/.exec(line)?.[1];
  if (library) {
    const debian = LIBRARIES[library];
    const problem = `${library} is missing`;
    return debian ? { problem, remedy: `install the library: apt-get install -y ${debian}` } : { problem };
  }
  return { problem: `does not load (${line})` };
}

function notInstalled(name: string): Finding {
  const { optionalDependencies = {} } = manifest();
  if (!(name in optionalDependencies)) return { problem: "this release has no prebuilt package for this platform" };
  return {
    problem: "not installed",
    remedy: `install the prebuilt package: npm install ${name}@${optionalDependencies[name]}`,
  };
}

/** How an addon of other sources is brought to the state of this package. */
function renewal(candidate: string): string {
  if (isNamed(candidate))
    return "unset SIMCLR_ONEDNN_ADDON, or compile that file anew from the sources of this package";
  if (isAbsolute(candidate))
    return isCheckout() ? "rebuild both, in the root of the checkout: npm run build" : `rebuild: ${buildCommand()}`;
  const { version, optionalDependencies = {} } = manifest();
  return `install the prebuilt package of this release: npm install ${candidate}@${optionalDependencies[candidate] ?? version}`;
}

const isNamed = (candidate: string): boolean => {
  const named = process.env.SIMCLR_ONEDNN_ADDON;
  return named !== undefined && named !== "" && resolve(named) === candidate;
};

/** Whether this is a package of the repository, whose JavaScript is built here too. */
const isCheckout = (): boolean => existsSync(new URL("../../../pnpm-workspace.yaml", import.meta.url));

const buildCommand = (): string =>
  `SIMCLR_NATIVE=required node ${fileURLToPath(new URL("../scripts/build-native.mjs", import.meta.url))}`;

function sourceBuild(): string {
  const tools = TOOLS[process.platform];
  if (!tools) return "on this platform the addon has not been built by anybody; use Linux, WSL among them";
  return `build it from source: ${tools} && ${buildCommand()}`;
}

/** As `linux-x64 (glibc 2.36, Node 20.20.2)`. */
function platform(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const glibc = report.header?.glibcVersionRuntime;
  const libc = process.platform === "linux" ? `${glibc ? `glibc ${glibc}` : "no glibc"}, ` : "";
  return `${process.platform}-${process.arch} (${libc}Node ${process.versions.node})`;
}

function firstLine({ cause }: FailedAttempt): string {
  return cause.message.split("\n")[0] ?? "";
}

function manifest(): { version: string; optionalDependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
}
