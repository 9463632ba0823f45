// Packs every public package, as it would be published.
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prebuiltPackages, withOptionalDependencies } from "./prebuilt.mjs";
import { pnpm, root, run } from "./tools.mjs";

/** Runs without output: what was printed is shown only if it fails. */
function quietly(run, command, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "simclr-pack-"));
  const file = join(folder, "output.txt");
  const output = openSync(file, "w");
  try {
    const status = run(...command, { ...options, stdio: ["ignore", output, output] });
    if (status !== 0) process.stderr.write(readFileSync(file));
    return status;
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true });
  }
}

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
  const native = { cwd: `${root}/packages/backend-onednn` };
  if (hasPrebuilt && quietly(run, ["npm", ["run", "build:prebuilt"]], native) !== 0)
    throw new Error("build:prebuilt failed");
  const prebuilt = prebuiltPackages();
  const files = {};
  for (const { name, version, folder } of prebuilt) {
    if (quietly(run, ["npm", ["pack", folder, "--pack-destination", tarballs]]) !== 0)
      throw new Error(`${name}: npm pack failed`);
    files[name] = fileOf({ name, version });
  }
  withOptionalDependencies(prebuilt, () => {
    for (const { folder, manifest } of packages) {
      if (quietly(pnpm, [["pack", "--pack-destination", tarballs]], { cwd: folder }) !== 0)
        throw new Error(`${manifest.name}: pnpm pack failed`);
      files[manifest.name] = fileOf(manifest);
    }
  });
  return files;
}
