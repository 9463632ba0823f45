import { defineConfig } from "tsup";
import { base } from "../../tsup.base";
import { nativeSources } from "./scripts/native-sources.mjs";

export default defineConfig({
  ...base,
  entry: ["src/index.ts", "src/register.ts"],
  define: { SIMCLR_NATIVE_SOURCES: JSON.stringify(nativeSources()) },
});
