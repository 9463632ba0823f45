import { defineConfig } from "tsup";
import { base } from "../../tsup.base";
import { tfjsGradients } from "./tfjs-gradients-plugin";

export default defineConfig({
  ...base,
  entry: ["src/index.ts", "src/register.ts"],
  noExternal: [/^@tensorflow\/tfjs-core\/dist\//],
  esbuildPlugins: [tfjsGradients()],
});
