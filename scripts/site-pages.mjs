// The documents of the site: those of the repository, copied to build/pages with links that hold there. A link to another document
// stays one, a link to any other file or folder of the repository goes to GitHub.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { publicPackages } from "./readme-examples.mjs";
import { root } from "./tools.mjs";

const PAGES = join(root, "build", "pages");
const REPOSITORY = "https://github.com/simclr/simclr/";
const IMAGES = new Set([".png", ".svg", ".jpg"]);
const LINK = /(\]\()([^)\s]+)(\))/g;
const FENCE = /^(```.*?^```$)/gms;

/** Documents by the group that the site lists them in: paths from the root. */
function documents() {
  const markdown = (folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`);
  return {
    Guides: markdown("docs"),
    Tutorials: markdown("docs/tutorials"),
    Commands: markdown("docs/cli"),
    Losses: markdown("docs/losses"),
    Packages: publicPackages().map(({ folder }) => relative(root, join(folder, "README.md"))),
    Project: ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "THIRD-PARTY-NOTICES.md"],
  };
}

/**
 * Writes the documents to build/pages.
 *
 * @returns {{ readme: string, pages: string[], broken: string[] }} The front page, the others, and links to what does not exist
 */
export function writePages() {
  rmSync(PAGES, { recursive: true, force: true });
  const groups = documents();
  const known = new Set(["README.md", ...Object.values(groups).flat()]);
  const broken = [];
  const write = (path, group) => {
    const text = readFileSync(join(root, path), "utf8");
    const linked = text
      .split(FENCE)
      .map((part) =>
        part.startsWith("```")
          ? part
          : part.replace(LINK, (_, before, link, after) => before + moved(path, link, known, broken) + after),
      )
      .join("");
    const to = join(PAGES, path);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, group === undefined ? linked : `${frontmatter(group, text, path)}${linked}`);
    return to;
  };
  const readme = write("README.md");
  const pages = Object.entries(groups).flatMap(([group, paths]) => paths.map((path) => write(path, group)));
  return { readme, pages, broken };
}

function frontmatter(group, text, path) {
  const [, heading] = /^# (.+)$/m.exec(text) ?? [];
  if (heading === undefined) throw new Error(`${path} has no heading`);
  return `---\ntitle: ${JSON.stringify(heading.replaceAll("`", ""))}\ngroup: ${group}\n---\n\n`;
}

/** Where a link of a document leads from its copy. */
function moved(document, link, known, broken) {
  const ours = link.replace(new RegExp(`^${REPOSITORY}(?:blob|tree)/main/`), "/");
  if (/^([a-z]+:|#)/i.test(ours)) return link;
  const [path, anchor] = ours.split("#");
  const target = path.startsWith("/") ? join(root, path) : resolve(root, dirname(document), path);
  const suffix = anchor === undefined ? "" : `#${anchor}`;
  if (!existsSync(target)) {
    broken.push(`${document}: ${link}: no such file`);
    return link;
  }
  const isFolder = statSync(target).isDirectory();
  const page = relative(root, isFolder ? join(target, "README.md") : target);
  const here = dirname(join(PAGES, document));
  if (known.has(page)) return `${relative(here, join(PAGES, page))}${suffix}`;
  if (IMAGES.has(extname(target))) return relative(here, target);
  return `${REPOSITORY}${isFolder ? "tree" : "blob"}/main/${relative(root, target)}${suffix}`;
}
