#!/usr/bin/env node
// Makes the site of the documentation in build/site, from docs/ and the comments in the code, with a search; and checks every
// link within it. What links to a folder of the repository is sent to GitHub.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { root, run } from "./tools.mjs";

const SITE = join(root, "build", "site");
const GITHUB = "https://github.com/simclr/simclr/tree/main/";

const typedoc = join(root, "node_modules/typedoc/bin/typedoc");
if (run(process.execPath, [typedoc, "--logLevel", "Error"]) !== 0) process.exit(1);

/** Folders that the documents link to, by the name that is left of them in the site's links. */
const folders = new Map();
const documents = readdirSync(join(root, "docs"), { recursive: true }).filter((name) => name.endsWith(".md"));
for (const document of ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...documents.map((name) => join("docs", name))])
  for (const [, path] of readFileSync(join(root, document), "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
    const target = resolve(root, dirname(document), path);
    if (existsSync(target) && statSync(target).isDirectory()) folders.set(basename(target), relative(root, target));
  }

const pages = readdirSync(SITE, { recursive: true })
  .filter((name) => name.endsWith(".html"))
  .map((name) => join(SITE, name));
const text = new Map(pages.map((page) => [page, readFileSync(page, "utf8")]));
const anchors = new Map(
  [...text].map(([page, html]) => [page, new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))]),
);
const broken = [];
let links = 0;
for (const [page, html] of text) {
  const linked = html.replaceAll(/(<a\b[^>]*?\shref=")([^"]+)"/g, (whole, before, href) => {
    if (/^[a-z]+:/i.test(href)) return whole;
    links++;
    const [path, anchor] = href.split("#");
    const target = path === "" ? page : resolve(dirname(page), decodeURI(path));
    if (existsSync(target) && statSync(target).isFile()) {
      const known = anchors.get(target);
      if (
        anchor !== undefined &&
        anchor !== "" &&
        known !== undefined &&
        !known.has(decodeURIComponent(anchor)) &&
        !known.has(anchor)
      )
        broken.push(`${relative(SITE, page)}: ${href}: no such place on the page`);
      return whole;
    }
    const folder = /^(?:\.\.\/)?media\//.test(path) ? folders.get(basename(path)) : undefined;
    if (folder !== undefined) return `${before}${GITHUB}${folder}${anchor === undefined ? "" : `#${anchor}`}"`;
    broken.push(`${relative(SITE, page)}: ${href}: no such page`);
    return whole;
  });
  if (linked !== html) writeFileSync(page, linked);
}
for (const line of broken) console.error(`docs: ${line}`);
console.log(`docs: ${pages.length} pages and ${links} links in ${relative(root, SITE)}; ${broken.length} broken`);
process.exit(broken.length === 0 ? 0 : 1);
