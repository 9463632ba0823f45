import { defineConfig } from "tsup";
import { base } from "../../tsup.base";

// A worker thread loads its file by path, so each one is an entry of its own.
const workers = ["decode", "view", "inspect", "parquet"].map((name) => `src/${name}-worker.ts`);

export default defineConfig({ ...base, entry: ["src/index.ts", "src/shapes/index.ts", "src/testing.ts", ...workers] });
