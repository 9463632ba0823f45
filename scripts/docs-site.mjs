#!/usr/bin/env node
// Makes the site of the documentation in build/site, from docs/, the READMEs and the comments in the code, with a search; and
// checks every link within it.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { writePages } from "./site-pages.mjs";
import { root, run } from "./tools.mjs";

const SITE = join(root, "build", "site");

const { readme, pages: documents, broken } = writePages();
const typedoc = join(root, "node_modules/typedoc/bin/typedoc");
const options = [
  "--logLevel",
  "Error",
  "--readme",
  readme,
  ...documents.flatMap((page) => ["--projectDocuments", page]),
];
if (run(process.execPath, [typedoc, ...options]) !== 0) process.exit(1);

const pages = readdirSync(SITE, { recursive: true })
  .filter((name) => name.endsWith(".html"))
  .map((name) => join(SITE, name));
const text = new Map(pages.map((page) => [page, readFileSync(page, "utf8")]));
const anchors = new Map(
  [...text].map(([page, html]) => [page, new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))]),
);
let links = 0;
for (const [page, html] of text)
  for (const [, href] of html.matchAll(/<a\b[^>]*?\shref="([^"]+)"/g)) {
    if (/^[a-z]+:/i.test(href)) continue;
    links++;
    const [path, anchor] = href.split("#");
    const named = path === "" ? page : resolve(dirname(page), decodeURI(path));
    const target = path.endsWith("/") ? join(named, "index.html") : named; // as every server of files does
    const known = anchors.get(target);
    if (!existsSync(target) || !statSync(target).isFile())
      broken.push(`${relative(SITE, page)}: ${href}: no such page`);
    else if (known === undefined && target.endsWith(".md"))
      broken.push(`${relative(SITE, page)}: ${href}: a document that is not a page of the site`);
    else if (anchor && known && !known.has(decodeURIComponent(anchor)) && !known.has(anchor))
      broken.push(`${relative(SITE, page)}: ${href}: no such place on the page`);
  }
for (const line of broken) console.error(`docs: ${line}`);
console.log(`docs: ${pages.length} pages and ${links} links in ${relative(root, SITE)}; ${broken.length} broken`);
process.exit(broken.length === 0 ? 0 : 1);
