// The examples that the READMEs of the packages open with, made into programs that can be run.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./tools.mjs";

/** Debian's Vulkan driver for processors, which Chromium brings. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const TIMEOUT_MS = 300_000;

/** Every public package of this repository. */
export const publicPackages = () =>
  ["packages", "apps"]
    .flatMap((area) => readdirSync(join(root, area)).map((name) => join(root, area, name)))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .filter(({ manifest }) => !manifest.private);

/**
 * @typedef {{ name: string, language: "ts" | "js" | "sh", text: string }} Example
 * @returns {Example[]} The first program of each README, and of the command line's its commands
 */
export function readmeExamples() {
  return publicPackages().map(({ folder, manifest: { name, bin } }) => {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const [opening] = readme.split(/^## /m);
    const blocks = [...opening.matchAll(/^```(ts|js|sh)\n(.*?)^```$/gms)].map(([, language, text]) => ({
      language,
      text,
    }));
    const example = blocks.find(({ language }) => (bin === undefined) === (language !== "sh"));
    if (example === undefined) throw new Error(`${folder}/README.md does not open with an example`);
    return { name, ...example };
  });
}

/** What the check of types in `folder` says of the examples; an empty text if nothing. */
export function typeErrors(examples, folder, compiler = ts) {
  if (!existsSync(join(folder, "package.json"))) writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const files = examples
    .filter(({ language }) => language === "ts")
    .map(({ name, text }) => {
      const file = join(folder, `${fileName(name)}.ts`);
      writeFileSync(file, `${text}\nexport {};\n`);
      return file;
    });
  const { ScriptTarget, ModuleKind } = compiler;
  const options = {
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    target: ScriptTarget.ES2022,
    module: ModuleKind.NodeNext,
  };
  const program = compiler.createProgram(files, options);
  return compiler.formatDiagnostics(compiler.getPreEmitDiagnostics(program), {
    getCurrentDirectory: () => folder,
    getCanonicalFileName: (file) => file,
    getNewLine: () => "\n",
  });
}

/**
 * Runs one example in `folder`, from where its imports are found.
 *
 * @param {{ node?: string }} options - Another Node.js.
 * @returns {Promise<string | undefined>} What it said before it failed; undefined if it did not.
 */
export async function runExample({ name, language, text }, folder, { node = process.execPath } = {}) {
  const work = join(folder, fileName(name));
  mkdirSync(work, { recursive: true });
  if (language === "sh") return runCommands(text, work, folder, node);
  const file = join(work, "example.mjs");
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  writeFileSync(file, language === "js" ? text : ts.transpileModule(text, { compilerOptions }).outputText);
  return execute(node, [file], work);
}

/** `simclr` lines: each command is known; those that need no data of the reader's are run. */
async function runCommands(text, work, folder, node) {
  const bin = join(folder, "node_modules/@simclr/cli/dist/bin.js");
  for (const line of text.split("\n")) {
    const [, command] = /^simclr ([a-z]+(?: check)?)/.exec(line) ?? [];
    if (command === undefined) continue;
    const args = command === "backend" ? [command] : [...command.split(" "), "--help"];
    const failure = await execute(node, [bin, ...args], work);
    if (failure !== undefined) return `${line}\n${failure}`;
  }
  return undefined;
}

/**
 * @returns {Promise<string | undefined>} What a command said before it failed; undefined if it did not
 */
export function execute(command, args, cwd) {
  const env = { NO_COLOR: "1", SIMCLR_NUM_THREADS: "1", ...process.env };
  if (existsSync(SWIFTSHADER)) env.VK_ICD_FILENAMES ??= SWIFTSHADER;
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => {
        said += data;
      });
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status, signal) =>
      resolve(status === 0 ? undefined : `${said}\nended with ${status ?? signal}`),
    );
  });
}

const fileName = (name) => name.replace(/\W+/g, "-").replace(/^-/, "");
