import { defineConfig } from "tsup";
import { base } from "../../tsup.base";

// A worker thread loads its file by path, so each one is an entry of its own.
export default defineConfig({
  ...base,
  entry: ["src/index.ts", "src/decode-worker.ts", "src/crop-worker.ts", "src/parquet-worker.ts"],
});
