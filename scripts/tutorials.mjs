// The pages of docs/tutorials, made into what can be run: a block below a file's name is that file, and the commands of the page
// are run one after the other beside them.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CHROMIUM, openBrowser } from "../tools/test-utils/src/chromium.mjs";
import { execute } from "./readme-examples.mjs";
import { output, root } from "./tools.mjs";

const FOLDER = join(root, "docs", "tutorials");
/** A block of code, with the name of its file where one stands above it. */
const BLOCK = /(?:^`([\w.-]+)`:\n\n)?^```(\w+)\n(.*?)^```$/gms;
/** What a reader installs, and what the check has already. */
const INSTALLS = /^(npm install|apt-get install) /;
/** What a page says last. */
const DONE = "done";
const PAGE_LIMIT_MS = 240_000;
// The esbuild that tsup builds the packages with.
const ESBUILD = createRequire(createRequire(import.meta.url).resolve("tsup")).resolve("esbuild/bin/esbuild");

/**
 * @typedef {{ name: string, files: Record<string, string>, commands: string[] }} Tutorial
 * @returns {Tutorial[]} Each page that has programs
 */
export function tutorials() {
  const pages = readdirSync(FOLDER).filter((name) => name.endsWith(".md") && name !== "README.md");
  return pages.sort().map((page) => {
    const blocks = [...readFileSync(join(FOLDER, page), "utf8").matchAll(BLOCK)];
    const files = Object.fromEntries(blocks.filter(([, file]) => file).map(([, file, , text]) => [file, text]));
    const commands = blocks
      .filter(([, file, language]) => language === "sh" && !file)
      .flatMap(([, , , text]) => text.trim().split("\n"));
    if (!commands.some((command) => !INSTALLS.test(command))) throw new Error(`${page} has no command that is run`);
    return { name: basename(page, ".md"), files, commands };
  });
}

/** The files in TypeScript, as examples whose types can be checked. */
export const typedFiles = ({ name, files }) =>
  Object.entries(files)
    .filter(([file]) => file.endsWith(".ts"))
    .map(([file, text]) => ({ name: `${name}-${basename(file, ".ts")}`, language: "ts", text }));

/**
 * Runs a page in `folder`, from where its imports are found.
 *
 * @returns {Promise<{ failure?: string, skipped: string[] }>} What was said before a command failed, and which commands this machine
 *   cannot run, with the reason
 */
export async function runTutorial({ name, files, commands }, folder) {
  const work = join(folder, name);
  mkdirSync(work, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(work, file), text);
  const skipped = [];
  for (const command of commands) {
    if (INSTALLS.test(command)) continue;
    const missing = missingFor(command);
    if (missing !== undefined) {
      skipped.push(`${command}: ${missing}`);
      continue;
    }
    const failure = await runCommand(command, work, folder);
    if (failure !== undefined) return { failure: `$ ${command}\n${failure}`, skipped };
  }
  return { skipped };
}

function missingFor(command) {
  if (/^(simclr launch|mpirun) /.test(command) && output("sh", ["-c", "command -v mpirun"]) === null)
    return "mpirun is not installed (apt-get install -y openmpi-bin)";
  if (command.startsWith("chromium ") && CHROMIUM === undefined)
    return "Chromium is not installed (apt-get install -y chromium)";
  return undefined;
}

function runCommand(command, work, folder) {
  if (command.startsWith("chromium ")) return openPage(join(work, command.slice("chromium ".length)));
  const simclr = `${process.execPath} ${join(folder, "node_modules/@simclr/cli/dist/bin.js")} `;
  const line = command.replace(/^simclr /, simclr).replace(/^npx esbuild /, `${ESBUILD} `);
  return execute("sh", ["-c", line], work);
}

/** Opens a page in Chromium; it must say that it is done, and nothing of an error. */
async function openPage(path) {
  if (!existsSync(path)) return `${path} does not exist`;
  const browser = await openBrowser("webgl");
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    // Not until it has loaded: its module computes before that, for longer than a navigation may take.
    await page.goto(pathToFileURL(path).href, { waitUntil: "commit" });
    const said = page.locator("pre");
    const isOver = said.filter({ hasText: new RegExp(`${DONE}|error`, "i") });
    await isOver.waitFor({ timeout: PAGE_LIMIT_MS }).catch((error) => errors.push(error.message));
    const text = await said.textContent();
    return errors.length === 0 && !/error/i.test(text) ? undefined : `the page says: ${text}\n${errors.join("\n")}`;
  } finally {
    await browser.close();
  }
}
