import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository's configs/, which the build puts beside the code. */
const FOLDER = new URL("../dist/configs/", import.meta.url);

/** Names of the configurations that come with the program, such as `cifar10-small`. */
export function presetNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.slice(0, -".yaml".length))
    .sort();
}

/** The file of a configuration that comes with the program; undefined if there is none of that name. */
export function presetFile(name: string): string | undefined {
  return presetNames().includes(name) ? fileURLToPath(new URL(`${name}.yaml`, FOLDER)) : undefined;
}
