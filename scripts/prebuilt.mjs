// The prebuilt packages of the native backend that there are, in packages/backend-onednn/build/prebuilt: this platform's
// by `npm run build:prebuilt`, those of others as they were built there and copied here. Only what is there is published,
// and only that is an optional dependency of the backend: its package.json lists none in the repository.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./tools.mjs";

const backend = join(root, "packages", "backend-onednn");
const manifestFile = join(backend, "package.json");

/**
 * @returns {{ name: string, version: string, folder: string }[]} each complete, and of the backend's version
 * @throws Error if one is not; it says which
 */
export function prebuiltPackages() {
  const area = join(backend, "build", "prebuilt");
  const { version } = JSON.parse(readFileSync(manifestFile, "utf8"));
  return (existsSync(area) ? readdirSync(area) : []).map((platform) => {
    const folder = join(area, platform);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const missing = manifest.files.filter((file) => !existsSync(join(folder, file)));
    if (missing.length > 0) throw new Error(`${folder}: ${missing.join(", ")} missing. Build it anew.`);
    if (manifest.version !== version)
      throw new Error(`${folder}: is ${manifest.version}, the backend is ${version}. Build it anew, or remove it.`);
    return { name: manifest.name, version, folder };
  });
}

/** Runs `action` while the backend's package.json lists these as optional dependencies. */
export function withOptionalDependencies(packages, action) {
  const text = readFileSync(manifestFile, "utf8");
  const optionalDependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  writeFileSync(manifestFile, `${JSON.stringify({ ...JSON.parse(text), optionalDependencies }, null, 2)}\n`);
  try {
    return action();
  } finally {
    writeFileSync(manifestFile, text);
  }
}
