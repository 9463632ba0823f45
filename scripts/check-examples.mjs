// The example plugins, as their users would have them: built and tested against packed packages, packed themselves,
// installed into an empty project, and used by a configuration on images of four channels. Beside them one new plugin of
// each kind, as `simclr plugin new` makes it, untouched: its tests, and a run of its configuration.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./tools.mjs";

const sharp = createRequire(join(root, "packages/data/package.json"))("sharp");
const INSTALL = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
const TSC = join(root, "node_modules/typescript/bin/tsc");
const TFJS = "4.22.0";
const SIDE = 8;
const KINDS = ["augmentation", "loss", "hook", "dataset", "method", "encoder"];
/** Steps that run at once. */
const LANES = 2;

const CONFIG = `name: plugins
plugins: [simclr-plugin-band-gain, simclr-plugin-alignment-uniformity, simclr-plugin-plateau, ./halve.ts]
backend: { name: cpu }
data: { train: images/train, test: images/test, imageSize: ${SIDE}, channels: 4 }
model: { width: 0.125, head: { layers: 2, dimension: 16 } }
pretrain:
  batchSize: 4
  steps: 2
  optimizer: { learningRate: 0.05 }
  loss: { name: alignment-uniformity, weight: 0.5 }
  augmentation:
    recipe:
      - { name: randomResizedCrop, area: [0.25, 1] }
      - flipLeftRight
      - { name: bandGain, visible: 0.3 }
      - { name: randomApply, probability: 0.5, steps: [{ name: halve, factor: 0.5 }] }
      - clip
labels: [{ perClass: 4 }]
finetune:
  batchSize: 4
  steps: 4
  optimizer: { learningRate: 0.05 }
  hooks: [{ name: plateau, patience: 1, minimumGain: 100 }]
evaluate: { knn: { k: 3 }, linear: { epochs: 2 } }
`;

/** @param {string} split - Of the images that `writeImages` has written. */
const idxData = (split) => `{ name: idx, images: images/${split}.idx, labels: images/${split}-labels.idx }`;
const IDX_DATA = `train: ${idxData("train")}, test: ${idxData("test")}`;

/** The same images, from IDX files, with a method instead of a loss. */
const METHOD_CONFIG = CONFIG.replace(
  "name: plugins\nplugins: [",
  "name: method\nplugins: [simclr-plugin-rotation-prediction, simclr-plugin-idx, ",
)
  .replace(/train: images\/train, test: images\/test/, IDX_DATA)
  .replace(/ {2}loss: .*\n/, "")
  .replace("pretrain:\n", "method: { name: rotation-prediction, labelSmoothing: 0.1 }\npretrain:\n");

/** A ConvNet with a head of its own, taught to a smaller one and to a vision transformer. */
const NETWORK_CONFIG = `name: network
plugins: [simclr-plugin-conv-net, simclr-plugin-vit-tiny]
backend: { name: cpu }
data: { train: images/train, test: images/test, imageSize: ${SIDE}, channels: 4 }
model:
  encoder: { name: conv-net, width: 4, layers: 2 }
  head: { name: layer-norm-head, lengths: [8, 8] }
pretrain:
  batchSize: 4
  steps: 2
  optimizer: { learningRate: 0.05 }
  augmentation: { recipe: crop-only }
labels: [{ perClass: 4 }]
finetune: { batchSize: 4, steps: 2, optimizer: { learningRate: 0.05 } }
distill:
  batchSize: 4
  steps: 2
  optimizer: { learningRate: 0.05 }
  students:
    - { name: smaller, encoder: { name: conv-net, width: 2, layers: 2 } }
    - { name: vit, encoder: { name: vit-tiny, patchSize: 4, dimension: 8, blocks: 1, heads: 2 } }
evaluate: { knn: { k: 3 }, linear: { epochs: 2 } }
`;

const HALVE = `import { defineAugmentation } from "@simclr/augment";
import * as tf from "@tensorflow/tfjs-core";

interface Options {
  readonly factor: number;
}

export const halve = defineAugmentation<Options>({
  name: "halve",
  options: { factor: 0.5 },
  apply: (images, _, { factor }) => tf.mul(images, factor),
});
`;

/**
 * @param {Readonly<Record<string, string>>} files - The tarball of each of our packages.
 * @param {string} work - A folder to work in.
 * @returns {Promise<string | undefined>} What failed; undefined if nothing did.
 */
export async function checkExamples(files, work) {
  const project = join(work, "examples");
  mkdirSync(project);
  const used = ["cli", "augment", "core", "data", "losses", "methods", "models", "ops", "optim", "trainer"].map(
    (name) => `@simclr/${name}`,
  );
  const dependencies = {
    ...Object.fromEntries(used.map((name) => [name, files[name]])),
    "@tensorflow/tfjs-core": TFJS,
    "@tensorflow/tfjs-backend-cpu": TFJS,
    "@types/node": "^20.19.0",
  };
  const overrides = Object.fromEntries(Object.entries(files).filter(([name]) => !used.includes(name)));
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      dependencies,
      overrides: { ...overrides, ...asOverrides(used) },
    }),
  );
  const step = stepIn(project);
  const simclr = join(project, "node_modules/.bin/simclr");
  const failed =
    (await step("install", "npm", INSTALL)) ??
    (await inLanes([
      ...exampleBuilds(project, step),
      ...KINDS.map((kind) => newPlugin(kind, project, simclr, step)),
    ])) ??
    (await installPlugins(project, step));
  if (failed !== undefined) return failed;
  await writeImages(join(project, "images"));
  writeFileSync(join(project, "config.yaml"), CONFIG);
  writeFileSync(join(project, "halve.ts"), HALVE);
  writeFileSync(join(project, "method.yaml"), METHOD_CONFIG);
  writeFileSync(join(project, "network.yaml"), NETWORK_CONFIG);
  return inLanes([
    async () => (await step("run", simclr, ["run", "config.yaml"])) ?? wrongRecord(project) ?? wrongRates(project),
    async () =>
      (await step("run with networks", simclr, ["run", "network.yaml"])) ?? wrongNetworks(project, simclr, step),
    async () => (await step("run with a method", simclr, ["run", "method.yaml"])) ?? wrongMethod(project),
  ]);
}

/** Gives back the name of a step that failed, once its output was shown; undefined for one that did not. */
const stepIn =
  (project) =>
  (name, command, args, cwd = project) =>
    new Promise((resolve) => {
      const env = { ...process.env, SIMCLR_NUM_THREADS: "1" }; // the lanes share the cores
      const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text) => {
          said += text;
        });
      child.on("error", (error) => {
        said += error.message;
      });
      child.on("close", (status) => {
        if (status !== 0) console.error(`${name}: ended with ${status}\n${said}`);
        resolve(status === 0 ? undefined : name);
      });
    });

/** Runs the jobs, a few at once, up to the first that fails; gives what that one says. */
async function inLanes(jobs) {
  const waiting = [...jobs];
  let failed;
  const lane = async () => {
    for (let job = waiting.shift(); job !== undefined && failed === undefined; job = waiting.shift()) {
      const failure = await job();
      failed ??= failure;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return failed;
}

/** A plugin that nobody has touched: made, built, tested, and used by its own configuration. */
function newPlugin(kind, project, simclr, step) {
  const name = `new-${kind}`;
  const folder = join(project, "build", name);
  return async () =>
    (await step(`plugin new ${kind}`, simclr, ["plugin", "new", kind, name, "-o", folder])) ??
    (await step(`${name}: build`, process.execPath, [TSC, "-p", "."], folder)) ??
    (await step(`${name}: tests`, process.execPath, ["--test", `test/${name}.test.mjs`], folder)) ??
    (await step(`${name}: run`, simclr, ["run", "config.yaml"], folder)) ??
    (JSON.parse(readFileSync(join(folder, "runs", name, "results.json"), "utf8")).plugins.length === 1
      ? undefined
      : `${name}: the plugin is not in the record`);
}

/** `$name` is npm's way to say: what the project itself depends on. */
const asOverrides = (names) => Object.fromEntries(names.map((name) => [name, `$${name}`]));

function exampleBuilds(project, step) {
  const examples = join(root, "examples");
  const isPublic = (name) => JSON.parse(readFileSync(join(examples, name, "package.json"), "utf8")).private !== true;
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).filter(isPublic);
  return names.map((name) => async () => {
    const folder = join(project, "build", name);
    cpSync(join(examples, name), folder, { recursive: true, filter: (path) => !/node_modules|dist$/.test(path) });
    const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", project];
    return (
      (await step(`${name}: build`, process.execPath, [TSC, "-p", "."], folder)) ??
      (await step(`${name}: tests`, process.execPath, ["--test", "test/"], folder)) ??
      (await step(`${name}: pack`, "npm", pack, folder))
    );
  });
}

function installPlugins(project, step) {
  const tarballs = readdirSync(project).filter((file) => file.endsWith(".tgz"));
  return step("install the plugins", "npm", [...INSTALL, ...tarballs.map((file) => `./${file}`)]);
}

/** Two classes that only the fourth channel tells apart, as PNG files and as IDX files. */
async function writeImages(folder) {
  for (const [split, count] of [
    ["train", 12],
    ["test", 4],
  ]) {
    const [all, labels] = [[], []];
    for (const [label, fourth] of [
      ["cold", 40],
      ["warm", 210],
    ]) {
      mkdirSync(join(folder, split, label), { recursive: true });
      for (let i = 0; i < count; i++) {
        const pixels = Buffer.alloc(4 * SIDE * SIDE);
        for (let at = 0; at < pixels.length; at++)
          pixels[at] = at % 4 === 3 ? fourth + (i % 8) : (37 * at + 11 * i) % 256;
        const image = sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 4 } });
        await image.png().toFile(join(folder, split, label, `${i}.png`));
        all.push(pixels);
        labels.push(label === "warm" ? 1 : 0);
      }
    }
    writeFileSync(join(folder, `${split}.idx`), idx([2 * count, SIDE, SIDE, 4], Buffer.concat(all)));
    writeFileSync(join(folder, `${split}-labels.idx`), idx([2 * count], Buffer.from(labels)));
  }
}

/** An IDX file of bytes: its magic number, the sizes of its dimensions, the values. */
function idx(shape, values) {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt16BE(0x0800 + shape.length, 2);
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, values]);
}

function wrongRecord(project) {
  const { plugins, stages } = JSON.parse(readFileSync(join(project, "runs/plugins/results.json"), "utf8"));
  const records = plugins.map(({ name, version = "none" }) => `${name} ${version}`).join(", ");
  const expected =
    "simclr-plugin-band-gain 0.1.0, simclr-plugin-alignment-uniformity 0.1.0, simclr-plugin-plateau 0.1.0, halve none";
  if (records !== expected) return `the record of the plugins: expected ${expected}; received ${records}`;
  const { finalLoss } = stages.find(({ stage }) => stage === "pretraining");
  // Alignment lies in [0, 4], and the weighted uniformity in [-4, 0] (t = 2): NT-Xent of 4 images would be above.
  return finalLoss > -4 && finalLoss < 1 ? undefined : `the loss of pretraining: ${finalLoss}`;
}

/** The hook halves the rate of the third step and of the fourth, as no loss falls by 100. */
function wrongRates(project) {
  const stage = join(project, "runs/plugins/4-per-class/finetune");
  const lines = (file) =>
    readFileSync(join(stage, file), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  const rates = lines("metrics.jsonl").map(({ learningRate }) => learningRate);
  const expected = [1, 1, 0.5, 0.25].map((scale, step) => (scale * 0.05 * (1 + Math.cos((Math.PI * step) / 4))) / 2);
  if (rates.length !== 4 || rates.some((rate, i) => Math.abs(rate - expected[i]) > 1e-12))
    return `the learning rates of the hook: expected ${expected.join(" ")}; received ${rates.join(" ")}`;
  const log = lines("plateau.jsonl").map(({ step, factor }) => `${step}:${factor}`);
  return log.join(" ") === "2:0.5 3:0.25 4:0.125" ? undefined : `the log of the hook: ${log.join(" ")}`;
}

function wrongMethod(project) {
  const { facts } = JSON.parse(readFileSync(join(project, "runs/method/results.json"), "utf8"));
  const lines = readFileSync(join(project, "runs/method/pretrain/metrics.jsonl"), "utf8").trim().split("\n");
  const accuracy = lines.map((line) => JSON.parse(line).metrics?.rotationAccuracy);
  if (facts["pretraining method"] !== "rotation-prediction")
    return `the record of the method: ${JSON.stringify(facts)}`;
  if (facts["training images"] !== "24 from images/train.idx" || facts.classes !== "0, 1")
    return `the record of the images: ${JSON.stringify(facts)}`;
  const isShare = (value) => value >= 0 && value <= 1;
  return accuracy.length === 2 && accuracy.every(isShare) ? undefined : `the metrics of the method: ${lines.join(" ")}`;
}

/** The ConvNet is found again in its checkpoint, predicts and is exported; of the transformer the export says why not. */
async function wrongNetworks(project, simclr, step) {
  const stage = (name) => join("runs/network/4-per-class", name);
  const { accuracy } = JSON.parse(readFileSync(join(project, "runs/network/results.json"), "utf8"));
  const protocols = accuracy.map(({ protocol }) => protocol.split(",")[0]);
  for (const name of ["conv-net", "vit-tiny"])
    if (!protocols.includes(name)) return `the record of ${name}: ${protocols.join("; ")}`;
  const exported = ["export", stage("distill-smaller"), "--backend", "cpu", "-o", "conv-net", "--format"];
  const failed =
    (await step("predict", simclr, ["predict", stage("finetune"), "images/test", "--backend", "cpu"])) ??
    (await step("export to tfjs", simclr, [...exported, "tfjs"]));
  if (failed !== undefined) return failed;
  const args = ["export", stage("distill-vit"), "--backend", "cpu", "-o", "vit.onnx", "--format", "onnx"];
  const { status, stderr } = spawnSync(simclr, args, { cwd: project, encoding: "utf8" });
  const isNamed = status !== 0 && stderr.includes("Cannot export the model: it uses the operation ");
  return isNamed ? undefined : `the export of the vision transformer ended with ${status}: ${stderr}`;
}
