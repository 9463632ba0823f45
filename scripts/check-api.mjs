#!/usr/bin/env node
// Compares what every package exports, types and all, with its report in docs/api-reports, so that a change of the surface is
// seen in review. With --update it writes the reports. Reads the built declarations.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import ts from "typescript";
import { publicPackages } from "./readme-examples.mjs";
import { root } from "./tools.mjs";

const FOLDER = join(root, "docs", "api-reports");
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/** The declaration files of a package's entries, by the names that programs import them by. */
const entriesOf = ({ folder, manifest }) =>
  Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === "object")
    .map(([entry, { types }]) => ({ name: manifest.name + entry.slice(1), file: join(folder, types) }));

const packages = publicPackages().map((one) => ({ ...one, entries: entriesOf(one) }));
const program = ts.createProgram(
  packages.flatMap(({ entries }) => entries.map(({ file }) => file)),
  { strict: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, types: ["node"] },
);
const checker = program.getTypeChecker();
const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

/** Everything that an entry exports, and what those declarations name of the package without exporting it. */
function sectionOf({ name, file }, folder) {
  const source = program.getSourceFile(file);
  if (source === undefined) throw new Error(`${file} is missing. Build the packages first (npm run build).`);
  const exported = checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .map((symbol) => [symbol.name, resolved(symbol)]);
  const known = new Set(exported.map(([, symbol]) => symbol));
  const hidden = new Map();
  const declarationsOf = (symbol) => symbol.declarations ?? [];
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const found = checker.getSymbolAtLocation(node);
      const symbol = found && resolved(found);
      const isOwn =
        symbol &&
        declarationsOf(symbol).some(
          (one) => isTopLevel(one) && one.getSourceFile().fileName.startsWith(join(folder, "dist") + sep),
        );
      if (isOwn && !known.has(symbol)) {
        known.add(symbol);
        // Of a value that is not exported, such as the schema of configurations, docs/config.md says what it is.
        if (declarationsOf(symbol).some(ts.isVariableDeclaration)) return;
        hidden.set(symbol.name, symbol);
        for (const declaration of declarationsOf(symbol)) visit(declaration);
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const [, symbol] of exported) for (const declaration of declarationsOf(symbol)) visit(declaration);
  const lines = (list) =>
    list
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([as, symbol]) =>
        declarationsOf(symbol)
          .map((one) => textOf(as, symbol, one))
          .join("\n"),
      )
      .join("\n\n");
  const rest = hidden.size === 0 ? "" : `\n// Not exported, but named above:\n\n${lines([...hidden])}\n`;
  return `## ${name}\n\n\`\`\`ts\n${lines(exported)}\n${rest}\`\`\`\n`;
}

function isTopLevel(node) {
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  return statement.parent !== undefined && ts.isSourceFile(statement.parent);
}

function textOf(as, symbol, declaration) {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const text = printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replace(/^(export )?(declare )?/, "");
  return as === symbol.name ? text : `// as ${as}\n${text}`;
}

const update = process.argv.includes("--update");
if (update) {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
}
const wrong = [];
const names = new Set();
for (const { folder, manifest, entries } of packages) {
  const name = `${manifest.name.split("/")[1]}.md`;
  names.add(name);
  const path = join(FOLDER, name);
  const intro = "What the package exports, made by `npm run api -- --update`; CI compares it with the code.";
  const report = `# ${manifest.name}\n\n${intro}\n\n${entries.map((entry) => sectionOf(entry, folder)).join("\n")}`;
  if (update) writeFileSync(path, report);
  else if (!existsSync(path)) wrong.push(`${name}: is missing`);
  else if (readFileSync(path, "utf8") !== report)
    wrong.push(`${name}: ${firstDifference(readFileSync(path, "utf8"), report)}`);
}
for (const name of existsSync(FOLDER) ? readdirSync(FOLDER) : [])
  if (!names.has(name)) wrong.push(`${name}: has no package`);
for (const line of wrong) console.error(`api: docs/api-reports/${line}`);
if (wrong.length > 0) console.error("api: look at the change; `npm run api -- --update` takes it into the reports.");
else console.log(`api: ${packages.length} packages as their reports say`);
process.exit(wrong.length === 0 ? 0 : 1);

function firstDifference(before, after) {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const at = b.findIndex((line, i) => line !== a[i]);
  return `line ${at + 1} was "${a[at] ?? "the end"}", is "${b[at] ?? "the end"}"`;
}
