import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { nativeSources } from "./packages/backend-onednn/scripts/native-sources.mjs";
import { isaLevels } from "./packages/backend-onednn/src/isa-levels.js";

const roots = [
  ...["packages", "apps", "tools"].flatMap((area) => readdirSync(area).map((name) => `${area}/${name}`)),
  "examples/browser",
];

const BACKEND = "packages/backend-onednn";

/** All tests of the repository in one run, as `npm test` makes it. */
export default defineConfig({
  define: { SIMCLR_NATIVE_SOURCES: JSON.stringify(nativeSources()) }, // as the backend's vitest.config.ts
  test: {
    pool: "forks",
    maxWorkers: 2,
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
