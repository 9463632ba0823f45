import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { relative } from "node:path";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

const MAIN = "@tensorflow/tfjs-core";
const require = createRequire(import.meta.url);

/** Files that hold the state of tfjs-core: what is used of them, taken from the main entry. */
const STATE: Record<string, string> = {
  "engine.js": `import { engine } from "${MAIN}";\nexport const ENGINE = engine();`,
  "environment.js": `export { env } from "${MAIN}";`,
  "kernel_registry.js": `export { registerGradient } from "${MAIN}";`,
  "tensor.js": `import { Tensor } from "${MAIN}";\nexport { Tensor };\nexport const getGlobalTensorClass = () => Tensor;`,
};

/** Files of tfjs-core whose exports its main entry offers inside a namespace. */
const NAMESPACES: Record<string, string> = {
  "util.js": "util",
  "ops/broadcast_util.js": "broadcast_util",
  "ops/slice_util.js": "slice_util",
};

/**
 * Bundles tfjs-core's gradients without a second copy of its operations.
 *
 * `dist/register_all_gradients.js` does not load as plain ESM, so it is bundled; whatever it imports that the
 * main entry exports too (operations, kernel names, `util`) comes from the main entry, which stays external.
 */
export function tfjsGradients(): Plugin {
  const main = require(MAIN) as Record<string, unknown>;
  return {
    name: "tfjs-gradients",
    setup(build) {
      build.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: MAIN, external: true }));
      build.onLoad({ filter: /tfjs-core[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
        const source = readFileSync(path, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
        const file = relative(`${require.resolve(`${MAIN}/package.json`)}/../dist`, path).replaceAll("\\", "/");
        return { contents: fromMain(file, exportedNames(source), main) ?? source, loader: "js" };
      });
    },
  };
}

/** A module that takes what `file` exports from the main entry, or undefined if the main entry lacks a part of it. */
function fromMain(file: string, names: readonly string[], main: Record<string, unknown>): string | undefined {
  if (STATE[file] !== undefined) return STATE[file];
  if (file === "base.js") return `export { ${Object.keys(main).join(", ")} } from "${MAIN}";`;
  const namespace = NAMESPACES[file];
  if (namespace !== undefined)
    return `import { ${namespace} as all } from "${MAIN}";\nexport const { ${Object.keys(main[namespace] as object).join(", ")} } = all;`;
  const isOffered = file === "kernel_names.js" || file.startsWith("ops/");
  if (!isOffered || names.length === 0 || names.some((name) => main[name] === undefined)) return undefined;
  return `export { ${names.join(", ")} } from "${MAIN}";`;
}

function exportedNames(source: string): string[] {
  const declared = [...source.matchAll(/^export (?:const|let|function|async function|class) (\w+)/gm)];
  const listed = [...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) => list!.split(","));
  return [...declared.map(([, name]) => name!), ...listed.map((name) => name.trim().split(" as ").at(-1)!)];
}
