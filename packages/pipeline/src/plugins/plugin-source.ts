import { isAbsolute, resolve } from "node:path";

/** The path of a file, or a package and the folder from which its name is resolved. */
export type PluginSource = string | { readonly package: string; readonly from: string };

/** What a person named: "./my-encoder.ts" is a file, "simclr-plugin-conv-net" a package, both seen from `folder`. */
export function pluginSource(named: string, folder: string): PluginSource {
  const isPath = isAbsolute(named) || /^\.{1,2}[\\/]/.test(named);
  return isPath ? resolve(folder, named) : { package: named, from: folder };
}
