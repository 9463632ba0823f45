#!/usr/bin/env node
// Builds, checks and publishes: first the prebuilt packages that there are, then all others by changesets, among them the
// backend with exactly those as optional dependencies. What is on the registry already is left alone. --dry-run publishes to a
// registry on localhost instead, and does there what users would do.
import { prebuiltPackages, withOptionalDependencies } from "./prebuilt.mjs";
import { releaseDryRun } from "./release-dry-run.mjs";
import { output, pnpm, root, run } from "./tools.mjs";

function must(what, status) {
  if (status === 0) return;
  console.error(`release: ${what} failed`);
  process.exit(1);
}

must("the build", pnpm(["exec", "turbo", "run", "build", "build:native", "check:package"]));
if (process.argv.includes("--dry-run")) process.exit((await releaseDryRun()) === 0 ? 0 : 1);
if (process.platform === "linux")
  must("build:prebuilt", run("npm", ["run", "build:prebuilt"], { cwd: `${root}/packages/backend-onednn` }));
const packages = prebuiltPackages();
for (const { name, version, folder } of packages) {
  if (output("npm", ["view", `${name}@${version}`, "version"]) === version) continue;
  must(`npm publish ${name}`, run("npm", ["publish", folder, "--access", "public"]));
}
const status = withOptionalDependencies(packages, () => pnpm(["exec", "changeset", "publish"]));
must("changeset publish", status);
