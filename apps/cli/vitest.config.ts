import { defineConfig } from "vitest/config";

// Every test here starts the command, most of them a whole run.
export default defineConfig({ test: { testTimeout: 120_000, hookTimeout: 120_000 } });
