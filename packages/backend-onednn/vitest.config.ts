import { defineConfig } from "vitest/config";
import { nativeSources } from "./scripts/native-sources.mjs";

export default defineConfig({ define: { SIMCLR_NATIVE_SOURCES: JSON.stringify(nativeSources()) } });
