import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const roots = ["packages", "apps", "tools"].flatMap((area) => readdirSync(area).map((name) => `${area}/${name}`));

/** All tests of the repository in one run, as `npm test` makes it. */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: roots.map((root) => ({
      extends: true,
      test: {
        name: root,
        root,
        // Two test processes share the cores; only the backend's own tests need more than one thread each.
        env: { SIMCLR_NUM_THREADS: root.endsWith("backend-onednn") ? "2" : "1" },
      },
    })),
  },
});
