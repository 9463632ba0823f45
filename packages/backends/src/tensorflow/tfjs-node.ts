import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The packages that bring TensorFlow's own kernels, in the order in which they are tried. */
export const TFJS_NODE_PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const;

/** A package as it was found. */
export interface FoundPackage {
  readonly id: (typeof TFJS_NODE_PACKAGES)[number];
  /** Its folder. */
  readonly folder: string;
  /** Its file, with its native addon, is loaded by this. */
  readonly load: () => void;
}

/**
 * Where a package is installed: beside this one, or in the project of the working folder.
 *
 * @throws Error of Node's own resolution, if it is nowhere.
 */
export function findTfjsNode(id: FoundPackage["id"]): FoundPackage {
  let require = createRequire(import.meta.url);
  try {
    require.resolve(id);
  } catch {
    require = createRequire(join(process.cwd(), "package.json"));
  }
  const folder = dirname(require.resolve(`${id}/package.json`));
  return {
    id,
    folder,
    load: () => {
      // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed.
      const util = require("node:util") as Record<string, unknown>;
      util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
      require(id);
    },
  };
}

/** Where a package looks for its addon on this Node, as its own loader computes it. */
export function addonOf({ folder }: FoundPackage): string {
  const require = createRequire(join(folder, "package.json"));
  const loader = require("@mapbox/node-pre-gyp") as { find(manifest: string): string };
  return loader.find(join(folder, "package.json"));
}
