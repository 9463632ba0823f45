// Assembles src/geometry/resample.wat into src/geometry/resample-wasm.ts; with --check only says whether that is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import wabt from "wabt";

const folder = new URL("../src/geometry/", import.meta.url);
const module = (await wabt()).parseWat("resample.wat", readFileSync(new URL("resample.wat", folder), "utf8"), {
  simd: true,
});
const bytes = Buffer.from(module.toBinary({}).buffer);
const lines = bytes.toString("base64").match(/.{1,100}/g);
const text = `// Made from resample.wat by scripts/build-wasm.mjs.
export const RESAMPLE_WASM =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`;
const target = new URL("resample-wasm.ts", folder);
if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error("resample-wasm.ts is not what resample.wat gives. Run: npm run build:wasm");
  process.exit(1);
}
