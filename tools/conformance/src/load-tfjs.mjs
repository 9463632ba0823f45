import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import vm from "node:vm";
import { transform } from "sucrase";
import { patch } from "./patches.mjs";

const require = createRequire(import.meta.url);
const manifest = require.resolve("@tensorflow/tfjs-core/package.json");
const requireAsTfjs = createRequire(manifest);
const dist = join(dirname(manifest), "dist");

/** tfjs-core's spec files, as paths below `dist/` without `_test.js`, sorted. */
export function specFiles() {
  return readdirSync(dist, { recursive: true })
    .filter((file) => file.endsWith("_test.js"))
    .map((file) => file.replaceAll("\\", "/").slice(0, -"_test.js".length))
    .sort();
}

/**
 * Makes a `load(file)` for the modules of tfjs-core below `dist/`. As published they are ES modules that Node cannot
 * load (imports without extension, in a package that is not `type: module`), so each is translated to CommonJS, as
 * upstream does for its own runs. This is a second copy of tfjs-core beside the main entry that backends import; the
 * engine, the kernels and the gradients hang on the global object, so both see the same ones.
 * @param globals - What the modules find as global names besides Node's: jasmine's `describe`, `it`, ...
 */
export function tfjsLoader(globals) {
  const names = ["exports", "require", "module", ...Object.keys(globals)];
  const values = Object.values(globals);
  const modules = new Map();

  const load = (path) => {
    const loaded = modules.get(path);
    if (loaded) return loaded.exports;
    const module = { exports: {} };
    modules.set(path, module);
    const run = vm.compileFunction(translate(path), names, { filename: path });
    run(module.exports, requireFrom(dirname(path)), module, ...values);
    return module.exports;
  };

  const requireFrom = (folder) => {
    const requireHere = (specifier) => {
      if (specifier.startsWith(".")) return load(resolve(join(folder, specifier)));
      return (specifier.startsWith("jasmine-core/") ? require : requireAsTfjs)(specifier);
    };
    return Object.assign(requireHere, { resolve: requireAsTfjs.resolve });
  };

  return (file) => load(join(dist, file));
}

function resolve(path) {
  return existsSync(`${path}.js`) ? `${path}.js` : join(path, "index.js");
}

function translate(path) {
  const source = readFileSync(path, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
  const patched = patch(relative(dist, path).replaceAll("\\", "/"), source);
  return transform(patched, { transforms: ["imports"], disableESTransforms: true, filePath: path }).code;
}
