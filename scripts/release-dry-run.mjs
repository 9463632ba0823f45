// A release to a registry on localhost, and what its users would do then: take packages à la carte, run the examples of the
// READMEs on every Node.js, bundle and type-check. What it has made is removed at the end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aLaCarte, shortDemo } from "./a-la-carte.mjs";
import { consumerMatrix, matrixTable, nodeOf, nodes, TOOLS } from "./consumers.mjs";
import { localRegistry } from "./local-registry.mjs";
import { packAll } from "./pack.mjs";
import { readmeExamples, runExample, typeErrors } from "./readme-examples.mjs";
import { run } from "./tools.mjs";

const INSTALL = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
const LANES = 2;
/** What the examples import beside our packages. */
const BESIDE = {
  "@tensorflow/tfjs-core": "4.22.0",
  "@tensorflow/tfjs-backend-cpu": "4.22.0",
  "@types/node": "^20.19.0",
};

/** @returns {Promise<number>} How many checks failed */
export async function releaseDryRun() {
  const work = mkdtempSync(join(tmpdir(), "simclr-release-"));
  const folder = (name) => {
    mkdirSync(join(work, name), { recursive: true });
    return join(work, name);
  };
  let failed = 0;
  const check = (name, failure) => {
    if (failure !== undefined) failed++;
    console.log(`${failure === undefined ? "ok" : "failed"}  ${name}`);
    if (failure !== undefined) console.error(failure);
  };
  const registry = await localRegistry(folder("registry"));
  try {
    const files = packAll(folder("tarballs"));
    for (const file of Object.values(files)) registry.publish(file);
    console.log(`published ${Object.keys(files).length} packages to ${registry.url}`);
    const project = folder("project");
    const ours = Object.keys(files).filter((name) => !/-(linux|darwin|win32)-/.test(name));
    const dependencies = { ...Object.fromEntries(ours.map((name) => [name, "latest"])), ...BESIDE };
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
    const tools = folder("tools");
    writeFileSync(join(tools, "package.json"), JSON.stringify({ private: true, dependencies: TOOLS }));
    const installed = (cwd) =>
      run("npm", [...INSTALL, "--registry", registry.url], { cwd }) === 0 ? undefined : "npm";
    check("all packages installed into an empty project", installed(project));
    check("Node.js 22 and 24, compilers and bundlers", installed(tools));
    check("à la carte", aLaCarte(folder("carte"), registry.url));
    check("the demo", shortDemo(project));
    const cells = await consumerMatrix(project, tools);
    for (const { where, how, failure } of cells) check(`${where}, ${how}`, failure);
    console.log(matrixTable(cells));
    await readmes(project, tools, check);
  } finally {
    registry.close();
    rmSync(work, { recursive: true, force: true });
  }
  return failed;
}

async function readmes(project, tools, check) {
  const examples = readmeExamples().filter(({ name }) => name !== "@simclr/backend-webgpu"); // needs `webgpu` and a GPU
  check("types of the READMEs' examples", typeErrors(examples, project) || undefined);
  for (const [where, name] of nodes) {
    const waiting = [...examples];
    const lane = async () => {
      for (let example = waiting.shift(); example !== undefined; example = waiting.shift())
        check(`${where}, README of ${example.name}`, await runExample(example, project, { node: nodeOf(tools, name) }));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }
}
