import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 30_000 }); // most of these start a process

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const distIndex = join(packageFolder, "dist", "index.js");
let folder: string | undefined;

afterEach(() => {
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** What `whyNot()` says in a copy of the built package that has `addon` (or nothing) as its addon. */
function whyNotWith(addon: string | undefined): string {
  mkdirSync(join(packageFolder, "build"), { recursive: true });
  folder = mkdtempSync(join(packageFolder, "build", "loader-test-")); // inside, so that its dependencies are found
  cpSync(join(packageFolder, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(packageFolder, "package.json"), join(folder, "package.json"));
  if (addon !== undefined) {
    mkdirSync(join(folder, "build"));
    writeFileSync(join(folder, "build", "simclr_onednn.node"), addon);
  }
  const script = `import { whyNot } from ${JSON.stringify(join(folder, "dist", "index.js"))}; console.log(whyNot());`;
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

it("says what is missing and which command installs it where the addon is not built", () => {
  expect(whyNotWith(undefined)).toBe(
    `Cannot load the oneDNN backend on ${process.platform}-${process.arch}: the addon is not built ` +
      "(build/simclr_onednn.node is missing). Install the tools with `apt-get install -y g++ cmake make libdnnl-dev` " +
      'and run `npm run build:native` in @simclr/backend-onednn, or call tf.setBackend("cpu").',
  );
});

it("gives the reason where the addon does not load", () => {
  expect(whyNotWith("not a library")).toMatch(/: the addon does not load \(.+\)\. Install the tools with/);
});

it("loads the addon that SIMCLR_ONEDNN_ADDON names", () => {
  const script = `import { whyNot } from ${JSON.stringify(distIndex)}; console.log(whyNot());`;
  const own = join(packageFolder, "build", "simclr_onednn.node");
  expect(runModule(script, { SIMCLR_ONEDNN_ADDON: own })).toBe("undefined");
  expect(runModule(script, { SIMCLR_ONEDNN_ADDON: "/no/addon.node" })).toBe(
    `Cannot load the oneDNN backend on ${process.platform}-${process.arch}: there is no /no/addon.node. ` +
      'Correct or unset SIMCLR_ONEDNN_ADDON, or call tf.setBackend("cpu").',
  );
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
