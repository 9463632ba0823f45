import type { Options } from "tsup";

/** Shared build: ESM only; Node >= 20.19 also loads it with require(). */
export const base: Options = {
  entry: ["src/index.ts"],
  format: ["esm"],
  target: "node20",
  platform: "node",
  // tsup 8.5 hands the compiler a baseUrl, which TypeScript 6 only accepts with this option.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: false,
};
