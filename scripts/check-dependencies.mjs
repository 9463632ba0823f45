#!/usr/bin/env node
// What every package declares: its licence, engines, files and exports; no install script but the native backend's; and every
// dependency with its licence and its reason in docs/dependencies.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publicPackages } from "./readme-examples.mjs";
import { root } from "./tools.mjs";

/** Licences that ask for no more than their text and a notice. */
const ALLOWED = ["MIT", "Apache-2.0", "ISC", "BSD-3-Clause", "BSD-2-Clause", "(Apache-2.0 AND BSD-3-Clause)"];
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare"];
const OURS = "@simclr/";
const problems = [];
const expect = (holds, problem) => holds || problems.push(problem);

const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
/** Rows of the table: name → [licence, packages]. */
const rows = new Map(
  [...page.matchAll(/^\| `([^`]+)`\s*\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)].map(([, name, licence, users, reason]) => [
    name,
    { licence: licence.trim(), users: users.trim().split(", "), reason: reason.trim() },
  ]),
);

const used = new Map();
for (const { folder, manifest } of publicPackages()) {
  const { name, license, engines, files, exports: entries, sideEffects, scripts, type } = manifest;
  expect(license === "Apache-2.0", `${name}: \`license\` must be Apache-2.0`);
  expect(
    engines?.node === ">=20.19",
    `${name}: \`engines.node\` must be ">=20.19", from which require() loads ES modules`,
  );
  expect(type === "module", `${name}: \`type\` must be "module"`);
  expect(sideEffects !== undefined, `${name}: \`sideEffects\` must say which files have some; false for none`);
  expect(files?.includes("dist"), `${name}: \`files\` must name dist`);
  expect(manifest.publishConfig?.provenance === undefined, `${name}: provenance belongs to the release workflow`);
  for (const [entry, target] of Object.entries(entries ?? {}))
    if (entry !== "./package.json")
      expect(
        Object.keys(target).join() === "types,default",
        `${name}: \`exports["${entry}"]\` must have types, then default`,
      );
  expect(entries?.["./package.json"] === "./package.json", `${name}: \`exports\` must have ./package.json`);
  for (const script of INSTALL_SCRIPTS)
    expect(
      scripts?.[script] === undefined || (name === "@simclr/backend-onednn" && script === "install"),
      `${name}: has the install script \`${script}\``,
    );
  for (const [kind, list] of Object.entries({
    dependencies: manifest.dependencies,
    peerDependencies: manifest.peerDependencies,
  }))
    for (const dependency of Object.keys(list ?? {})) {
      if (dependency.startsWith(OURS)) continue;
      const isOptional = manifest.peerDependenciesMeta?.[dependency]?.optional === true;
      const user =
        name.replace(OURS, "") + (kind === "peerDependencies" ? (isOptional ? " (optional peer)" : " (peer)") : "");
      const entry = used.get(dependency) ?? { users: [], folder };
      used.set(dependency, { users: [...entry.users, user], folder: isOptional ? entry.folder : folder });
    }
}
for (const [name, { users, folder }] of used) {
  const row = rows.get(name);
  if (row === undefined) {
    problems.push(`docs/dependencies.md: has no row for ${name}, which ${users.join(", ")} has`);
    continue;
  }
  const everywhere = users.length > 5 && row.users.join() === "all (peer)";
  expect(
    everywhere || row.users.join() === users.join(),
    `docs/dependencies.md: ${name} is used by ${users.join(", ")}; the row says ${row.users.join(", ")}`,
  );
  expect(row.reason.length > 10, `docs/dependencies.md: ${name} needs its reason`);
  expect(
    ALLOWED.includes(row.licence),
    `docs/dependencies.md: ${name} has the licence ${row.licence}; allowed are ${ALLOWED.join(", ")}`,
  );
  const installed = licenceOf(name, folder);
  expect(
    installed === undefined || installed === row.licence,
    `docs/dependencies.md: ${name} is under ${installed}; the row says ${row.licence}`,
  );
}
for (const name of rows.keys()) expect(used.has(name), `docs/dependencies.md: nothing depends on ${name} any more`);

/** As the installed package says; undefined for an optional peer that is not here. */
function licenceOf(name, folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).license;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

for (const problem of problems) console.error(problem);
console.log(`dependencies: ${used.size}, each with its reason; ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
