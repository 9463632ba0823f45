import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ConfigError } from "@simclr/core";
import type { PluginKind } from "./plugin-kinds.js";

/** What each kind imports: `peers` in its source, `forTests` beside that in its test. */
const IMPORTS: Readonly<
  Record<PluginKind, { readonly peers: readonly string[]; readonly forTests: readonly string[] }>
> = {
  augmentation: { peers: ["augment", "core"], forTests: [] },
  loss: { peers: ["core", "losses"], forTests: ["ops"] },
  hook: { peers: ["core", "trainer"], forTests: [] },
  dataset: { peers: ["core", "data"], forTests: [] },
  method: { peers: ["core", "losses", "methods"], forTests: ["ops"] },
  encoder: { peers: ["core", "models"], forTests: ["ops"] },
};

const TFJS = { core: "@tensorflow/tfjs-core", cpu: "@tensorflow/tfjs-backend-cpu", version: "4.22.0" };

/**
 * The files of a new plugin's package, by their paths in it.
 *
 * @throws ConfigError unless the name can be that of a package.
 */
export async function pluginFiles(kind: PluginKind, name: string): Promise<Readonly<Record<string, string>>> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 60)
    throw new ConfigError(
      `plugin new: the name must be lower-case letters, digits and single hyphens, at most 60, such as soft-triplet; received ${JSON.stringify(name)}.`,
      { subject: "name", expected: "such as soft-triplet", received: name },
    );
  const read = async (path: string): Promise<string> =>
    filled(await readFile(new URL(`../templates/plugin/${path}`, import.meta.url), "utf8"), name);
  return {
    "package.json": `${JSON.stringify(manifest(kind, name), null, 2)}\n`,
    "README.md": readme(kind, name),
    "tsconfig.json": await read("tsconfig.json"),
    "config.yaml": configOf(kind, name, await read("config.yaml")),
    "src/index.ts": await read(`${kind}/index.ts`),
    [`test/${name}.test.mjs`]: await read(`${kind}/test.mjs`),
    ".gitignore": "node_modules/\ndist/\nruns/\n",
  };
}

const filled = (text: string, name: string): string =>
  text.replaceAll("my-part", name).replaceAll("myPart", camelCase(name));

const camelCase = (name: string): string => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** As a configuration spells it: augmentations are written like the built-in ones. */
const partName = (kind: PluginKind, name: string): string => (kind === "augmentation" ? camelCase(name) : name);

function manifest(kind: PluginKind, name: string): object {
  const range = ourRange();
  const ours = (names: readonly string[]) => Object.fromEntries(names.map((each) => [`@simclr/${each}`, range]));
  const { peers, forTests } = IMPORTS[kind];
  return {
    name: `simclr-plugin-${name}`,
    version: "0.1.0",
    description: `${WHAT[kind]} for simclr`,
    license: "Apache-2.0",
    keywords: ["simclr", "simclr-plugin"],
    type: "module",
    sideEffects: false,
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" }, "./package.json": "./package.json" },
    files: ["dist"],
    scripts: { build: "tsc", pretest: "tsc", test: "node --test test/*.test.mjs", prepack: "tsc" },
    peerDependencies: { ...ours(peers), [TFJS.core]: TFJS.version, ...(kind === "method" && { zod: "^4.6.7" }) },
    devDependencies: {
      ...ours(["cli", ...forTests]),
      [TFJS.cpu]: TFJS.version,
      "@types/node": "^20.19.0",
      typescript: "~6.0.3",
    },
  };
}

/** What works with this version; all packages of simclr have the same. */
function ourRange(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version.startsWith("0.") ? `>=${version} <1` : `^${version}`;
}

const WHAT: Readonly<Record<PluginKind, string>> = {
  augmentation: "An augmentation",
  loss: "A loss of the projections of two views",
  hook: "A hook of the training",
  dataset: "A data set",
  method: "A pretraining method",
  encoder: "An encoder",
};

/** The lines of a configuration that name the part. */
function usage(kind: PluginKind, name: string): string {
  const part = partName(kind, name);
  switch (kind) {
    case "augmentation":
      return `pretrain:\n  augmentation: { recipe: [randomResizedCrop, { name: ${part}, low: 0.7 }, clip] }\n`;
    case "loss":
      return `pretrain:\n  loss: { name: ${part}, temperature: 0.2 }\n`;
    case "hook":
      return `pretrain:\n  hooks: [{ name: ${part}, factor: 0.3 }]\n`;
    case "dataset":
      return `data:\n  train: { name: ${part}, count: 40 }\n  test: { name: ${part}, count: 20 }\n`;
    case "method":
      return `method: { name: ${part}, temperature: 0.2 }\n`;
    case "encoder":
      return `model:\n  encoder: { name: ${part}, width: 8 }\n`;
  }
}

/** The template's configuration with the part in it. */
function configOf(kind: PluginKind, name: string, template: string): string {
  const [first, ...lines] = usage(kind, name).trimEnd().split("\n");
  switch (kind) {
    case "augmentation":
    case "loss":
    case "hook":
      return template.replace("pretrain:\n", `pretrain:\n${lines.join("\n")}\n`);
    case "dataset":
      return template.replace(/^data:.*\n/m, `data:\n${lines.join("\n")}\n  imageSize: 16\n`);
    case "method":
      return template.replace("pretrain:\n", `${first}\npretrain:\n`);
    case "encoder":
      return template.replace(/^model:.*\n/m, `model:\n${lines.join("\n")}\n  head: { layers: 2, dimension: 16 }\n`);
  }
}

function readme(kind: PluginKind, name: string): string {
  return `# simclr-plugin-${name}

${WHAT[kind]} for [simclr](https://github.com/simclr/simclr).

\`\`\`yaml
plugins: [simclr-plugin-${name}]
${usage(kind, name)}\`\`\`

Say here what it does, which options it has, and where it comes from.

## To work on it

\`\`\`sh
npm install
npm test                     # builds, then tests what simclr expects of ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}
npx simclr run config.yaml   # a run of a few seconds that uses it
npm publish
\`\`\`

[Plugins](https://github.com/simclr/simclr/blob/main/docs/plugins.md) says what each kind may do, and when it is checked.
`;
}
