import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { nativeSources } from "../scripts/native-sources.mjs";
import { explainFailure, prebuiltPackage } from "./load-failure.js";

vi.setConfig({ testTimeout: 30_000 }); // most of these start a process

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const PREBUILT = prebuiltPackage();
const distIndex = join(packageFolder, "dist", "index.js");
let folder: string | undefined;

afterEach(() => {
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

interface Copy {
  /** Content of build/simclr_onednn.node; none without. */
  readonly built?: string | Buffer;
  /** Content of the addon in the prebuilt package of this platform; not installed without. */
  readonly prebuilt?: string | Buffer;
  /** Whether this release has such a package. @defaultValue whether `prebuilt` is given */
  readonly released?: boolean;
}

/** What `whyNot()` says, or which file was loaded, in a copy of the built package with these addons. */
function whyNotWith({ built, prebuilt, released = prebuilt !== undefined }: Copy): string {
  mkdirSync(join(packageFolder, "build"), { recursive: true });
  folder = mkdtempSync(join(packageFolder, "build", "loader-test-")); // inside, so that its dependencies are found
  cpSync(join(packageFolder, "dist"), join(folder, "dist"), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as Record<string, unknown>;
  manifest.optionalDependencies = released ? { [PREBUILT]: "1.2.3" } : {};
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const put = (file: string, content: string | Buffer) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  if (built !== undefined) put(join(folder, "build", "simclr_onednn.node"), built);
  if (prebuilt !== undefined) {
    put(join(folder, "node_modules", PREBUILT, "package.json"), JSON.stringify({ main: "simclr_onednn.node" }));
    put(join(folder, "node_modules", PREBUILT, "simclr_onednn.node"), prebuilt);
  }
  const script = `
    import { onednnInfo, whyNot } from ${JSON.stringify(join(folder, "dist", "index.js"))};
    console.log(whyNot() ?? "loaded " + onednnInfo().file);`;
  return runModule(script);
}

/** What a module prints in a process of its own, which uses the package's own addon unless `env` names another. */
function runModule(source: string, env: NodeJS.ProcessEnv = {}): string {
  const { SIMCLR_ONEDNN_ADDON: _, ...inherited } = process.env;
  return execFileSync(process.execPath, ["--input-type=module", "-e", source], {
    encoding: "utf8",
    env: { ...inherited, ...env },
  }).trim();
}

const CPU = 'tfjs\'s own backend, slow: import "@tensorflow/tfjs-backend-cpu" and call tf.setBackend("cpu")';
const SOURCE =
  "build it from source: apt-get install -y g++ cmake make libdnnl-dev && " +
  "SIMCLR_NATIVE=required node <package>/scripts/build-native.mjs";

describe.runIf(process.platform === "linux")("where nothing loads, says what was tried and what helps", () => {
  const where =
    /^Cannot load the oneDNN backend on linux-(x64|arm64) \((glibc [\d.]+|no glibc), Node [\d.]+\)\. Tried:\n/;

  it("and that this release has no package for this platform", () => {
    const said = whyNotWith({});
    expect(said).toMatch(where);
    expect(said.replace(where, "").replaceAll(folder!, "<package>")).toBe(
      `  ${PREBUILT}: this release has no prebuilt package for this platform
  <package>/build/simclr_onednn.node: not built
What helps, one of:
  ${SOURCE}
  ${CPU}`,
    );
  });

  it("and that the package was not installed", () => {
    const said = whyNotWith({ released: true }).replaceAll(folder!, "<package>");
    expect(said).toContain(`  ${PREBUILT}: not installed\n`);
    expect(said).toContain(`  install the prebuilt package: npm install ${PREBUILT}@1.2.3\n  ${SOURCE}\n`);
  });

  it("and the system's own reasons", () => {
    const said = whyNotWith({ prebuilt: "not a library", built: "nor this" });
    expect(said).toMatch(/-gnu: does not load \(.+\)\n {2}.+\.node: does not load \(.+\)\n/);
  });
});

it("loads the addon that SIMCLR_ONEDNN_ADDON names", () => {
  const script = `
    import { onednnInfo, whyNot } from ${JSON.stringify(distIndex)};
    console.log(whyNot() ?? onednnInfo().file);`;
  const own = join(packageFolder, "build", "simclr_onednn.node");
  expect(runModule(script, { SIMCLR_ONEDNN_ADDON: own })).toBe(own);
  const said = runModule(script, { SIMCLR_ONEDNN_ADDON: "/no/addon.node" });
  expect(said).toContain("  /no/addon.node: there is no such file\n");
  expect(said).toContain(`  correct or unset SIMCLR_ONEDNN_ADDON\n  ${CPU}`);
});

describe.runIf(process.platform === "linux")("an addon of other sources", () => {
  const OTHER = "0123456789abcdef";
  const own = readFileSync(join(packageFolder, "build", "simclr_onednn.node"));
  const other = Buffer.from(own);
  other.write(OTHER, own.indexOf(nativeSources()), "latin1");

  it("is refused, with what brings it to this package's state", () => {
    const said = whyNotWith({ prebuilt: other, built: other }).replaceAll(folder!, "<package>");
    const problem = `was compiled from other sources (${OTHER}) than this package was built with (${nativeSources()})`;
    expect(said).toContain(`  ${PREBUILT}: ${problem}\n  <package>/build/simclr_onednn.node: ${problem}\n`);
    expect(said).toContain(`  install the prebuilt package of this release: npm install ${PREBUILT}@1.2.3\n`);
    expect(said).toContain("  rebuild: SIMCLR_NATIVE=required node <package>/scripts/build-native.mjs\n");
  });

  it("gives way to one of the right sources", () => {
    const said = whyNotWith({ prebuilt: other, built: own });
    expect(said).toBe(`loaded ${folder}/build/simclr_onednn.node`);
  });
});

describe("explainFailure", () => {
  /** The line about a file that does not load for this reason, and all that helps. */
  function explain(reason: string): string[] {
    const cause = Object.assign(new Error(reason), { code: "ERR_DLOPEN_FAILED" });
    return explainFailure([{ candidate: "/addon.node", cause }])
      .message.split("\n")
      .slice(1);
  }

  it("names the Debian package of a library that is missing", () => {
    const lines = explain("libdnnl.so.2: cannot open shared object file: No such file or directory");
    expect(lines[0]).toBe("  /addon.node: libdnnl.so.2 is missing");
    expect(lines).toContain("  install the library: apt-get install -y libdnnl2");
  });

  it("says which glibc is needed", () => {
    const reason = "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /addon.node)";
    expect(explain(reason)[0]).toBe("  /addon.node: needs glibc 2.34 or newer");
  });
});

it("keeps the number of threads when a worker thread loads the addon too", () => {
  const work = `
    import { parentPort } from "node:worker_threads";
    import { onednnInfo } from ${JSON.stringify(distIndex)};
    parentPort.postMessage(onednnInfo().threads);`;
  const script = `
    import { once } from "node:events";
    import { Worker } from "node:worker_threads";
    import { onednnInfo, setThreads } from ${JSON.stringify(distIndex)};
    setThreads({ threads: 3 });
    const [inWorker] = await once(new Worker(${JSON.stringify(work)}, { eval: true }), "message");
    console.log(inWorker, onednnInfo().threads);`;
  expect(runModule(script)).toBe("3 3");
});

it("outlives the worker threads that used it", () => {
  const work = `
    import { loadBinding } from ${JSON.stringify(distIndex)};
    const binding = loadBinding();
    binding.setThreads(2);
    binding.kernels.Sqrt(binding.write(new Float32Array(1 << 20)), 1 << 20, 0);`;
  const script = `
    import { once } from "node:events";
    import { Worker } from "node:worker_threads";
    for (let i = 0; i < 3; i++) await once(new Worker(${JSON.stringify(work)}, { eval: true }), "exit");
    console.log("alive");`;
  // Threads that spin between two parallel loops are where Node would pull the code away from under them.
  expect(runModule(script, { OMP_WAIT_POLICY: "active" })).toBe("alive");
});
