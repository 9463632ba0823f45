import { defineConfig } from "vitest/config";

// The Vulkan loader reads its variables from the process's own environment, which a worker thread cannot set.
export default defineConfig({ test: { pool: "forks", testTimeout: 120_000, hookTimeout: 120_000 } });
