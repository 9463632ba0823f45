import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["packages/*", "apps/*", "tools/*"],
    pool: "forks",
    maxWorkers: 2,
  },
});
