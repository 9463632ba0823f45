#!/usr/bin/env node
// Two checks of the structure: no import cycles (between packages, nor between the files of one), and the picture in
// docs/ARCHITECTURE.md shows exactly the imports that the packages have. Type-only imports between files do not count.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { root } from "./tools.mjs";

const problems = [];
const packages = ["packages", "apps"]
  .flatMap((area) => readdirSync(join(root, area)).map((name) => ({ name, folder: join(root, area, name) })))
  .filter(({ folder }) => existsSync(join(folder, "package.json")));

function sources(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Module specifiers of a file: [specifier, whether only types are taken]. */
function importsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const found = [];
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const clause = ts.isImportDeclaration(node) ? node.importClause : node.exportClause;
      const named = clause && (ts.isNamedExports(clause) ? clause : clause.namedBindings);
      const allTypes = named?.elements?.length > 0 && !clause.name && named.elements.every((e) => e.isTypeOnly);
      const typeOnly = node.isTypeOnly || node.importClause?.isTypeOnly || allTypes || false;
      found.push([node.moduleSpecifier.text, typeOnly]);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      if (ts.isStringLiteral(node.arguments[0])) found.push([node.arguments[0].text, false]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function findCycle(graph) {
  const state = new Map();
  const path = [];
  const walk = (node) => {
    state.set(node, "open");
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      if (state.get(next) === "open") return [...path.slice(path.indexOf(next)), next];
      const cycle = state.has(next) ? undefined : walk(next);
      if (cycle) return cycle;
    }
    path.pop();
    state.set(node, "done");
  };
  for (const node of graph.keys()) {
    const cycle = state.has(node) ? undefined : walk(node);
    if (cycle) return cycle;
  }
}

const packageGraph = new Map();
for (const { name, folder } of packages) {
  const edges = new Set();
  const fileGraph = new Map();
  for (const file of sources(join(folder, "src"))) {
    const targets = [];
    for (const [specifier, typeOnly] of importsOf(file)) {
      const scoped = /^@simclr\/([^/]+)/.exec(specifier);
      if (scoped) edges.add(scoped[1]);
      else if (specifier.startsWith(".") && !typeOnly)
        targets.push(resolve(dirname(file), specifier.replace(/\.js$/, ".ts")));
    }
    fileGraph.set(file, targets);
  }
  packageGraph.set(name, [...edges].sort());
  const cycle = findCycle(fileGraph);
  if (cycle) problems.push(`import cycle: ${cycle.map((file) => relative(root, file)).join(" -> ")}`);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const edge of edges) {
    if (edge !== name && !manifest.dependencies?.[`@simclr/${edge}`] && !manifest.peerDependencies?.[`@simclr/${edge}`])
      problems.push(`${name} imports @simclr/${edge}, but its package.json does not list it under dependencies`);
  }
}
const cycle = findCycle(packageGraph);
if (cycle) problems.push(`packages import each other in a circle: ${cycle.join(" -> ")}`);

const picture = /```mermaid\n([\s\S]*?)```/.exec(readFileSync(join(root, "docs/ARCHITECTURE.md"), "utf8"))?.[1] ?? "";
const drawn = new Set(
  [...picture.matchAll(/^\s*([\w-]+)\s*-->\s*([\w-]+)\s*$/gm)].map(([, from, to]) => `${from} --> ${to}`),
);
const real = new Set([...packageGraph].flatMap(([from, to]) => to.map((target) => `${from} --> ${target}`)));
for (const edge of real) if (!drawn.has(edge)) problems.push(`docs/ARCHITECTURE.md does not show ${edge}`);
for (const edge of drawn)
  if (!real.has(edge)) problems.push(`docs/ARCHITECTURE.md shows ${edge}, which no import makes`);

if (process.argv.includes("--print"))
  console.log(
    [...real]
      .sort()
      .map((edge) => `  ${edge}`)
      .join("\n"),
  );
for (const problem of problems) console.error(`graph: ${problem}`);
if (problems.length === 0)
  console.log(`graph: ${packages.length} packages, ${real.size} arrows, no cycle, and the picture is true`);
process.exit(problems.length === 0 ? 0 : 1);
