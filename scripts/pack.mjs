// Packs every public package, as it would be published.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { prebuiltPackages, withOptionalDependencies } from "./prebuilt.mjs";
import { pnpm, quiet, root, run } from "./tools.mjs";

/** Whether this platform's native addon can be packed; the others' must have been copied here. */
export const hasPrebuilt = process.platform === "linux";

/** All packages of the repository that are published, but the prebuilt ones. */
export const packages = ["packages", "apps"]
  .flatMap((area) => readdirSync(join(root, area)).map((name) => join(root, area, name)))
  .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }));

/**
 * @param {string} tarballs - An empty folder.
 * @returns {Record<string, string>} The file of each package, prebuilt ones first
 * @throws Error if one cannot be packed
 */
export function packAll(tarballs) {
  const fileOf = ({ name, version }) => join(tarballs, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  if (hasPrebuilt && run("npm", ["run", "build:prebuilt"], { cwd: `${root}/packages/backend-onednn`, ...quiet }) !== 0)
    throw new Error("build:prebuilt failed");
  const prebuilt = prebuiltPackages();
  const files = {};
  for (const { name, version, folder } of prebuilt) {
    if (run("npm", ["pack", folder, "--pack-destination", tarballs], quiet) !== 0)
      throw new Error(`${name}: npm pack failed`);
    files[name] = fileOf({ name, version });
  }
  withOptionalDependencies(prebuilt, () => {
    for (const { folder, manifest } of packages) {
      if (pnpm(["pack", "--pack-destination", tarballs], { cwd: folder, ...quiet }) !== 0)
        throw new Error(`${manifest.name}: pnpm pack failed`);
      files[manifest.name] = fileOf(manifest);
    }
  });
  return files;
}
