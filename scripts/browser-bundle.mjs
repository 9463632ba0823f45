// Packages that run without Node.js: which ones, and the check that they do. A bundle for the browser must come about, and must
// start where nothing but what browsers have is defined.
import { createRequire } from "node:module";
import { createContext, runInContext } from "node:vm";

/** The packages of which every entry but `/node` is for browsers too, and single entries of others. */
export const BROWSER_SAFE = [
  "augment",
  "backend-webgpu",
  "core",
  "data/shapes",
  "distill",
  "distributed",
  "evaluate",
  "exchange",
  "losses",
  "methods",
  "models",
  "ops",
  "optim",
  "tensor-files",
  "trainer",
];

// The esbuild that tsup builds the packages with.
const { build } = createRequire(createRequire(import.meta.url).resolve("tsup"))("esbuild");

/** What our packages and tfjs-core use of what browsers and Node.js both have. */
const WEB = [
  ...["console", "crypto", "fetch", "performance", "queueMicrotask", "structuredClone", "setTimeout", "clearTimeout"],
  ...["AbortController", "AbortSignal", "Blob", "CompressionStream", "DecompressionStream", "Event", "EventTarget"],
  ...["ReadableStream", "Response", "TextDecoder", "TextEncoder", "TransformStream", "URL", "WritableStream"],
];

/**
 * @param {string} name - A package of ours, such as `@simclr/losses`.
 * @param {string[]} entries - All its entries, by the names that programs import them by.
 * @param {string} folder - Where it is installed.
 * @returns {Promise<string | undefined>} What is wrong; undefined if nothing is
 */
export async function wrongInBrowser(name, entries, folder) {
  const isListed = BROWSER_SAFE.includes(name.replace("@simclr/", ""));
  const forBrowsers = isListed ? entries.filter((entry) => !entry.endsWith("/node")) : [name];
  const failure = await bundled(forBrowsers, folder);
  if (isListed) return failure;
  const single = entries.filter((entry) => BROWSER_SAFE.includes(entry.replace("@simclr/", "")));
  const broken = single.length > 0 ? await bundled(single, folder) : undefined;
  if (broken !== undefined) return broken;
  return failure === undefined
    ? "bundles for the browser, but is not in scripts/browser-bundle.mjs: add it"
    : undefined;
}

async function bundled(entries, folder) {
  const contents = entries.map((entry, i) => `import * as m${i} from "${entry}"; globalThis.m${i} = m${i};`).join("\n");
  try {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      target: "es2022",
      logLevel: "silent",
    });
    const globals = createContext(Object.fromEntries(WEB.map((each) => [each, globalThis[each]])));
    globals.self = globals; // by this name tfjs-core finds them, as it would in a worker
    runInContext(outputFiles[0].text, globals);
    return undefined;
  } catch (error) {
    return `bundle for the browser: ${error.stack ?? error}`.slice(0, 2000);
  }
}
