import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { ConfigError } from "@simclr/core";
import type { PluginKind } from "./plugin-kinds.js";
import { pluginFiles } from "./plugin-template.js";

export interface PluginNewOptions {
  readonly output?: string;
}

/** `simclr plugin new KIND NAME` */
export async function pluginNewCommand(kind: PluginKind, name: string, options: PluginNewOptions): Promise<void> {
  const files = await pluginFiles(kind, name);
  const folder = options.output ?? `simclr-plugin-${name}`;
  await makeEmpty(folder);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const paths = Object.keys(files).map((path) => `  ${path}\n`);
  process.stdout.write(`${folder}\n${paths.join("")}`);
  const here = relative(".", folder);
  process.stderr.write(
    `next:\n  cd ${here}\n  npm install\n  npm test                       # ${kind} and options, by the check kit\n  npx simclr run config.yaml     # a run of a few seconds with it\n`,
  );
}

async function makeEmpty(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return;
  } catch (cause) {
    throw new ConfigError(
      `plugin new: cannot make the folder ${folder}: ${(cause as Error).message}. Name another one with --output.`,
      {
        subject: folder,
        cause,
      },
    );
  }
  throw new ConfigError(
    `plugin new: the folder ${folder} holds files already, and none is overwritten. Remove it, or name another one with --output.`,
    { subject: folder, expected: "an empty folder, or none" },
  );
}
