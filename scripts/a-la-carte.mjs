// Programs that take one package of ours from the registry, into an empty project each.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TFJS = { "@tensorflow/tfjs-core": "4.22.0" };

const IMPORT_TIME = `const start = performance.now();
await import("@tensorflow/tfjs-core");
const core = performance.now();
const { ntXentLoss } = await import("@simclr/losses");
console.log("import: tfjs-core " + (core - start).toFixed(0) + " ms, @simclr/losses " + (performance.now() - core).toFixed(0) + " ms more;", typeof ntXentLoss);
`;

const OWN_AUGMENTATION = `import "@tensorflow/tfjs-backend-cpu";
import { augment, defineAugmentation, simclrV2, toImages } from "@simclr/augment";
import { checkAugmentation } from "@simclr/augment/testing";
import { Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

const invert = defineAugmentation({
  name: "invert",
  options: { probability: 0.5 },
  apply: (images, { randoms }, { probability }) =>
    tf.tidy(() => {
      const sign = randoms.map((random) => (random.uniform() < probability ? 1 : 0));
      const s = tf.tensor4d(sign, [sign.length, 1, 1, 1]);
      return tf.add(tf.mul(images, tf.sub(1, tf.mul(2, s))), s); // x, or 1 - x
    }),
});
await checkAugmentation(invert);
const images = toImages({ images: new Uint8Array(2 * 40 * 40 * 3).fill(100), shape: [2, 40, 40, 3] });
const keys = { random: Random.fromSeed(1), epoch: 0, step: 0, indices: [0, 1], view: 0 };
console.log("views:", augment(images, [...simclrV2({ size: 32 }), invert.with({ probability: 1 })], keys).shape);
`;

const LAYERS = `import "@tensorflow/tfjs-backend-cpu";
import "@simclr/backend-onednn/register";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";

tf.env().set("PROD", true);
const images = tf.randomUniform([32, 16, 16, 3], 0, 1, "float32", 1);
const labels = tf.oneHot(tf.tensor1d(Array.from({ length: 32 }, (_, i) => i % 4), "int32"), 4);
async function secondsOf(backend) {
  await tf.setBackend(backend);
  const model = layers.sequential();
  model.add(layers.layers.conv2d({ inputShape: [16, 16, 3], filters: 16, kernelSize: 3, activation: "relu" }));
  model.add(layers.layers.conv2d({ filters: 32, kernelSize: 3, strides: 2, activation: "relu" }));
  model.add(layers.layers.globalAveragePooling2d({}));
  model.add(layers.layers.dense({ units: 4, activation: "softmax" }));
  model.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy" });
  const fit = () => model.fit(images, labels, { batchSize: 16, epochs: 2, verbose: 0, shuffle: false });
  const { history } = await fit();
  const start = performance.now();
  const last = (await fit()).history.loss.at(-1);
  return { seconds: (performance.now() - start) / 1000, first: history.loss[0], last };
}
const native = await secondsOf("onednn");
const cpu = await secondsOf("cpu");
for (const [name, { seconds, first, last }] of Object.entries({ onednn: native, cpu }))
  console.log(name + ": 4 steps in " + seconds.toFixed(2) + " s, loss " + first.toFixed(4) + " -> " + last.toFixed(4));
console.log("speed-up: " + (cpu.seconds / native.seconds).toFixed(1));
`;

/** A short demo: the same stages and table, from fewer steps than \`simclr demo\` has by itself. */
const SHORT = [
  ...["data.limit=300", "labels=[{ perClass: 6 }]", "pretrain.epochs=1", "evaluate.linear.epochs=5"],
  ...["finetune.steps=10", "supervised.steps=10", "distill.epochs=1", "calibrate.epochs=1"],
];

const CARTE = [
  { name: "losses alone", packages: { ...TFJS, "@simclr/losses": "*" }, program: IMPORT_TIME, showsSize: true },
  {
    name: "augment with an augmentation of one's own",
    packages: { ...TFJS, "@simclr/augment": "*", "@simclr/core": "*", "@tensorflow/tfjs-backend-cpu": "4.22.0" },
    program: OWN_AUGMENTATION,
  },
  {
    name: "backend-onednn under plain tfjs-layers",
    packages: {
      ...TFJS,
      "@simclr/backend-onednn": "*",
      "@tensorflow/tfjs-layers": "4.22.0",
      "@tensorflow/tfjs-backend-cpu": "4.22.0",
    },
    program: LAYERS,
  },
];

/**
 * @param {string} work - An empty folder.
 * @param {string} registry - Its URL.
 * @returns {string | undefined} What failed; undefined if nothing did
 */
export function aLaCarte(work, registry) {
  for (const { name, packages, program, showsSize } of CARTE) {
    const folder = join(work, name.replaceAll(/\W+/g, "-"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const specs = Object.entries(packages).map(([each, range]) => `${each}@${range === "*" ? "latest" : range}`);
    const install = ["install", ...specs, "--registry", registry, "--no-audit", "--no-fund", "--loglevel=error"];
    console.log(`\n$ npm install ${specs.join(" ")}`);
    if (show("npm", install, folder) !== 0) return `${name}: install`;
    if (showsSize) show("sh", ["-c", "du -sh node_modules; du -sh node_modules/@simclr"], folder);
    writeFileSync(join(folder, "program.mjs"), program);
    console.log("$ node program.mjs");
    if (show(process.execPath, ["program.mjs"], folder) !== 0) return name;
  }
  return undefined;
}

/** The command's demo, shortened, from where the command is installed. */
export function shortDemo(project) {
  const args = ["demo", ...SHORT.flatMap((setting) => ["--set", setting])];
  console.log(`\n$ simclr ${args.join(" ")}`);
  return show(join(project, "node_modules/.bin/simclr"), args, project) === 0 ? undefined : "simclr demo";
}

const show = (command, args, cwd) => spawnSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] }).status;
