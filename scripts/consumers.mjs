// The packages as programs of every kind see them: each Node.js, both kinds of modules, each TypeScript, each bundler.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BROWSER_SAFE } from "./browser-bundle.mjs";
import { packages } from "./pack.mjs";

const platform = `${process.platform}-${process.arch}`;
/** What the matrix needs beside our packages. Node.js comes as a package without a script. */
export const TOOLS = {
  node22: `npm:node-${platform}@22`,
  node24: `npm:node-${platform}@24`,
  typescript59: "npm:typescript@~5.9.0",
  typescript60: "npm:typescript@~6.0.0",
  esbuild: "^0.27.0",
  vite: "^8.0.0",
  webpack: "^5.0.0",
  "@types/node": "^20.19.0",
};

const NODES = { "Node 20": undefined, "Node 22": "node22", "Node 24": "node24" };
const COMPILERS = { "TypeScript 5.9": "typescript59", "TypeScript 6.0": "typescript60" };

/** The Node.js of a major version: this one, or the package's. */
export const nodeOf = (tools, name) =>
  name === undefined ? process.execPath : join(tools, "node_modules", name, "bin/node");
export const nodes = Object.entries(NODES);

const entries = packages.flatMap(({ manifest }) =>
  Object.keys(manifest.exports)
    .filter((entry) => entry !== "./package.json" && manifest.bin === undefined)
    .map((entry) => manifest.name + entry.slice(1)),
);

/**
 * @param {string} project - Where all packages are installed.
 * @param {string} tools - Where `TOOLS` are installed.
 * @returns {Promise<{ where: string, how: string, failure: string | undefined }[]>} The cells of the matrix
 */
export async function consumerMatrix(project, tools) {
  const folder = join(project, "consumers");
  mkdirSync(folder, { recursive: true });
  const write = (name, lines) => {
    writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
    return join(folder, name);
  };
  const esm = write(
    "all.mjs",
    entries.map((entry) => `await import("${entry}");`),
  );
  const cjs = write(
    "all.cjs",
    entries.map((entry) => `require("${entry}");`),
  );
  const cells = [];
  const cell = (where, how, failure) => cells.push({ where, how, failure });
  for (const [where, name] of nodes)
    for (const [how, file] of [
      ["import", esm],
      ["require", cjs],
    ])
      cell(where, how, ended(nodeOf(tools, name), [file], folder));
  const typed = entries.flatMap((entry, i) => [`import * as m${i} from "${entry}";`, `export const used${i} = m${i};`]);
  const files = [write("esm.mts", typed), write("cjs.cts", typed)];
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--exactOptionalPropertyTypes",
    "--noUncheckedIndexedAccess",
  ];
  const target = ["--module", "nodenext", "--target", "es2022", "--types", "node"];
  for (const [where, name] of Object.entries(COMPILERS))
    for (const [i, how] of ["import", "require"].entries()) {
      const tsc = join(tools, "node_modules", name, "bin/tsc");
      cell(where, how, ended(process.execPath, [tsc, ...options, ...target, files[i]], folder));
    }
  const browser = write(
    "browser.mjs",
    BROWSER_SAFE.flatMap((name, i) => [`import * as m${i} from "@simclr/${name}";`, `globalThis.m${i} = m${i};`]),
  );
  for (const [where, bundle] of Object.entries(BUNDLERS))
    cell(where, `${BROWSER_SAFE.length} packages`, await bundle(browser, join(folder, "out"), tools));
  return cells;
}

function ended(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? `${stdout}${stderr}`).slice(0, 4000);
}

const failing = (work) =>
  work().then(
    () => undefined,
    (error) => String(error).slice(0, 4000),
  );
const toolOf = (tools, name) => import(pathToFileURL(createRequire(join(tools, "package.json")).resolve(name)).href);

const BUNDLERS = {
  esbuild: (entry, outdir, tools) =>
    failing(async () => {
      const { build } = await toolOf(tools, "esbuild");
      await build({
        entryPoints: [entry],
        bundle: true,
        outdir: join(outdir, "esbuild"),
        platform: "browser",
        format: "esm",
        logLevel: "silent",
      });
    }),
  Vite: (entry, outdir, tools) =>
    failing(async () => {
      const { build } = await import(pathToFileURL(join(tools, "node_modules/vite/dist/node/index.js")).href);
      const rolldownOptions = {
        onwarn: (warning) => {
          if (/externalized|unresolved/i.test(warning.message)) throw new Error(warning.message);
        },
      };
      const lib = { entry, formats: ["es"], fileName: "out" };
      await build({
        root: outdir.replace(/out$/, ""),
        configFile: false,
        logLevel: "silent",
        build: { outDir: join(outdir, "vite"), lib, rolldownOptions },
      });
    }),
  webpack: (entry, outdir, tools) =>
    failing(async () => {
      const { default: webpack } = await toolOf(tools, "webpack");
      const stats = await new Promise((resolve, reject) =>
        webpack(
          { mode: "production", entry, target: "web", output: { path: join(outdir, "webpack") }, performance: false },
          (error, result) => (error ? reject(error) : resolve(result)),
        ),
      );
      if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
    }),
};

/** The cells as a table in Markdown. */
export function matrixTable(cells) {
  return [
    "| where | how | |",
    "| --- | --- | --- |",
    ...cells.map(({ where, how, failure }) => `| ${where} | ${how} | ${failure === undefined ? "ok" : "FAILED"} |`),
  ].join("\n");
}
