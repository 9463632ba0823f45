import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BackendError, ConfigError } from "@simclr/core";
import { findPythonTensorflow, type PythonTensorflow } from "./python-tensorflow.js";
import { addonOf, type FoundPackage, findTfjsNode, TFJS_NODE_PACKAGES } from "./tfjs-node.js";

const { include_dir: nodeHeaders } = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };

export interface LinkOptions {
  /** A program on the PATH, or a path. @defaultValue "python3" */
  readonly python?: string;
}

/** What was linked. */
export interface LinkedTensorflow {
  /** `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node`. */
  readonly package: string;
  /** The compiled addon, inside the package. */
  readonly addon: string;
  /** Of TensorFlow, as its library says it. */
  readonly version: string;
  /** Folder of the libraries, which the addon loads from where they are. */
  readonly libraries: string;
  /** Whether TensorFlow found a GPU that it can use. */
  readonly usesGpu: boolean;
}

/**
 * Compiles the addon of an installed tfjs-node against the TensorFlow that a Python has, and puts it where tfjs-node looks for its
 * own: the way to a newer TensorFlow and CUDA than the 2.9 and 11.2 that its download brings. To be done again when either is
 * installed anew. Takes about half a minute. Linux only.
 *
 * @returns What was linked, after the package has computed with it in a process of its own.
 * @throws BackendError saying what is missing, and the command that installs it; an addon that was there stays then.
 */
export function linkTensorflow({ python = "python3" }: LinkOptions = {}): LinkedTensorflow {
  if (process.platform !== "linux")
    throw new ConfigError(
      `linkTensorflow: works with the wheels of TensorFlow for Linux; this is ${process.platform}. Use --backend webgpu or onednn here.`,
      { subject: "platform", expected: "linux", received: process.platform },
    );
  const found = installedPackage();
  const tensorflow = findPythonTensorflow(python);
  const addon = addonOf(found);
  const built = `${addon}.${process.pid}`;
  mkdirSync(dirname(addon), { recursive: true });
  try {
    compile(join(found.folder, "binding"), built, tensorflow);
    const version = versionOf(built);
    renameSync(built, addon);
    return { package: found.id, addon, version, libraries: tensorflow.libraries, usesGpu: usesGpu(found) };
  } finally {
    rmSync(built, { force: true });
  }
}

function installedPackage(): FoundPackage {
  for (const id of TFJS_NODE_PACKAGES) {
    try {
      return findTfjsNode(id);
    } catch {
      // the next one
    }
  }
  throw new BackendError(
    "tfjs-node is not installed here. Install it, without the TensorFlow 2.9 that it would download: `npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0`.",
    { subject: "@tensorflow/tfjs-node", expected: "an installed package" },
  );
}

function compile(sources: string, output: string, { version, include, libraries, files }: PythonTensorflow): void {
  if (!existsSync(sources))
    throw new BackendError(`${sources} is not there, so that the addon cannot be compiled. Install tfjs-node anew.`, {
      subject: sources,
    });
  const compiler = process.env.CXX ?? "c++";
  const units = readdirSync(sources).filter((name) => name.endsWith(".cc"));
  const settings = ["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"];
  const headers = [`-I${include}`, `-I${sources}`, `-I${nodeHeaders}`];
  const linking = [...files, `-Wl,-rpath,${libraries}`];
  const { status, stderr, error } = spawnSync(
    compiler,
    [...settings, ...headers, ...units.map((name) => join(sources, name)), "-o", output, ...linking],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (error !== undefined)
    throw new BackendError(
      `The addon of tfjs-node cannot be compiled: there is no compiler "${compiler}". Install one with \`apt-get install -y g++\`, or name it in CXX.`,
      { subject: compiler, cause: error },
    );
  if (status === 0) return;
  const fault = stderr.split("\n").find((line) => line.includes("error")) ?? stderr.trim().split("\n").at(-1);
  throw new BackendError(
    `The addon of tfjs-node does not compile against TensorFlow ${version}: ${fault}. Known to work: TensorFlow 2.21 and g++ 12 to 14; install that with pip.`,
    { subject: compiler, received: `TensorFlow ${version}` },
  );
}

/** Loads the addon in a process of its own, so that what it does wrong ends that one, and gives TensorFlow's version. */
function versionOf(addon: string): string {
  const load = `const addon = { exports: {} }; process.dlopen(addon, ${JSON.stringify(addon)});`;
  return answer(`${load} console.log(JSON.stringify(addon.exports.TF_Version));`) as string;
}

/** Computes with the package in a process of its own. */
function usesGpu({ id, folder }: FoundPackage): boolean {
  const load = `require("node:util").isNullOrUndefined ??= (value) => value == null; const tf = require(${JSON.stringify(folder)});`;
  const sum = "const sum = tf.tidy(() => tf.sum(tf.matMul(tf.ones([3, 4]), tf.ones([4, 5]))).dataSync()[0]);";
  const [computed, gpu] = answer(
    `${load} ${sum} console.log(JSON.stringify([sum, tf.backend().isUsingGpuDevice === true]));`,
  ) as [number, boolean];
  if (computed === 60) return gpu;
  throw new BackendError(
    `${id} was linked, but its product of ones sums to ${computed} in the place of 60. Do not use it.`,
    {
      subject: id,
      expected: "60",
      received: String(computed),
    },
  );
}

/** The last line that a program prints, as JSON: TensorFlow has things to say before it. */
function answer(program: string): unknown {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout.trim().split("\n").at(-1)!);
  const fault = stderr.split("\n").find((line) => line.includes("Error")) ?? signal ?? stderr.trim();
  throw new BackendError(
    `The addon was compiled, but does not run: ${fault}. It needs the libraries of TensorFlow where pip put them; install it anew.`,
    { subject: "tensorflow" },
  );
}
