import { cp } from "node:fs/promises";
import { defineConfig } from "tsup";
import { base } from "../../tsup.base";

// The repository's configs/ are the presets.
export default defineConfig({ ...base, onSuccess: () => cp("../../configs", "dist/configs", { recursive: true }) });
