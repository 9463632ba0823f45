import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { nativeSources } from "./packages/backend-onednn/scripts/native-sources.mjs";
import { isaLevels } from "./packages/backend-onednn/src/isa-levels.js";

const roots = [
  ...["packages", "apps", "tools"].flatMap((area) => readdirSync(area).map((name) => `${area}/${name}`)),
  "examples/browser",
];

/** Files that take more than 20 s, the longest first: one that begins last leaves the other process without work. */
const LONG = [
  "apps/cli/src/cli.test.ts",
  "tools/ranks/src/equal-ranks.test.mjs",
  "examples/browser/test/page.test.ts",
  "packages/distributed/src/mpi/mpi.test.ts",
  "packages/exchange/src/node/export-files.test.ts",
  "apps/cli/src/launch.test.ts",
  "apps/cli/src/signs.test.ts",
  "tools/parity/src/parity.test.mjs",
  "apps/cli/src/representation-commands.test.ts",
  "apps/cli/src/sweep.test.ts",
  "packages/backend-webgpu/src/kernels/kernels.test.ts",
  "packages/backend-webgpu/src/training.test.ts",
  "apps/cli/src/init.test.ts",
  "packages/backend-webgpu/src/kernels/similarity-rows.test.ts",
  "apps/cli/src/data-check.test.ts",
  "apps/cli/src/import-check.test.ts",
  "apps/cli/src/terminal.test.ts",
  "packages/pipeline/src/run/run.test.ts",
  "packages/distributed/src/gradients.test.ts",
  "packages/exchange/src/browser.test.ts",
  "packages/methods/src/methods.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => LONG.findIndex((file) => moduleId.endsWith(file));
    const others = files.filter((file) => place(file) < 0);
    const long = files.filter((file) => place(file) >= 0).sort((a, b) => place(a) - place(b));
    return [...long, ...(await super.sort(others))];
  }
}

const BACKEND = "packages/backend-onednn";

/** All tests of the repository in one run, as `npm test` makes it. */
export default defineConfig({
  define: { SIMCLR_NATIVE_SOURCES: JSON.stringify(nativeSources()) }, // as the backend's vitest.config.ts
  test: {
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      ...roots.map((root) => ({
        extends: true as const,
        test: {
          name: root,
          root,
          // Two test processes share the cores; only the backend's own tests need more than one thread each.
          env: { SIMCLR_NUM_THREADS: root === BACKEND ? "2" : "1" },
        },
      })),
      // The native kernels once more on each lower instruction set that this processor has.
      ...isaLevels()
        .filter(({ use }) => use === "kernel tests")
        .map(({ name, dnnl }) => ({
          extends: true as const,
          test: {
            name: `${BACKEND} at ${name}`,
            root: BACKEND,
            include: ["src/kernels/**/*.test.ts"],
            env: { SIMCLR_NUM_THREADS: "2", DNNL_MAX_CPU_ISA: dnnl },
          },
        })),
    ],
  },
});
