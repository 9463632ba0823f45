// A small run of the real command, and what can be seen of it from outside.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../tools.mjs";

const BIN = join(root, "apps/cli/dist/bin.js");
const POLL_MS = 4;
/** No run here takes a minute on two busy cores. */
const LIMIT_MS = 180_000;

const fromPackage = (name) => createRequire(join(root, "packages", name, "package.json"));
const sharp = fromPackage("data")("sharp");
const trainer = await import(pathToFileURL(join(root, "packages/trainer/dist/node.js")).href);
export const { latestCheckpoint } = trainer;

/** Everything that a resume has to restore: moments of AdamW, averages, a hook's state, the order of images and their crops. */
const config = (steps) => `name: faults
plugins: [./node_modules/fault/hook.mjs]
backend: { name: onednn }
data: { train: images/train, test: images/test, imageSize: 32 }
model: { width: 0.0625, head: { layers: 2, dimension: 16 } }
pretrain:
  batchSize: 16
  steps: ${steps}
  optimizer: { name: adamw, learningRate: 0.003, clipNorm: 5 }
  averageDecay: 0.9
  hooks: [fault]
labels: [{ given: true }]
finetune: { batchSize: 8, steps: 2, optimizer: { learningRate: 0.05 } }
evaluate: { knn: { k: 3 }, linear: { epochs: 2 } }
checkpoint: { everySteps: 1, everySeconds: 1000, keep: 3 }
logging: { csv: true }
`;

/** Makes the configuration and its images, of mixed sizes, so that workers crop them while the network trains. */
export async function prepare(folder, steps) {
  // Where the plugin finds what it imports: the packages of the repository.
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "fault"), { recursive: true });
  cpSync(join(root, "scripts/faults/hook.mjs"), join(modules, "fault/hook.mjs"));
  const tfjs = join(fromPackage("trainer").resolve("@tensorflow/tfjs-core/package.json"), "..");
  for (const [name, path] of [
    ["@simclr/trainer", join(root, "packages/trainer")],
    ["@tensorflow/tfjs-core", tfjs],
  ]) {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    spawnSync("ln", ["-s", path, join(modules, name)]);
  }
  writeFileSync(join(folder, "config.yaml"), config(steps));
  for (const [split, count] of [
    ["train", 24],
    ["test", 4],
  ])
    for (const [label, colour] of [
      ["cold", 40],
      ["warm", 210],
    ]) {
      mkdirSync(join(folder, "images", split, label), { recursive: true });
      for (let i = 0; i < count; i++) {
        const [width, height] = [36 + (i % 5), 36 + (i % 3)];
        const pixels = Buffer.alloc(3 * width * height);
        for (let at = 0; at < pixels.length; at++) pixels[at] = at % 3 === 2 ? colour : (37 * at + 11 * i) % 256;
        const image = sharp(pixels, { raw: { width, height, channels: 3 } });
        await image.png().toFile(join(folder, "images", split, label, `${i}.png`));
      }
    }
}

/** The folder of its pretraining. */
export const stageOf = (run) => join(run, "pretrain");
const metricsOf = (run) => join(stageOf(run), "metrics.jsonl");

/** Whether pretraining has come to its end, and said so. */
export const isPretrained = (run) => existsSync(join(stageOf(run), "result.json"));

/** Ends the command when its pretraining is done: what comes after is not disturbed here. */
export const untilPretrained = (run) => ({
  disturb: (_, child) => {
    if (isPretrained(run)) child.kill("SIGKILL");
  },
});

/** Losses of all steps, as numbers that JSON keeps bit for bit. */
export function losses(run) {
  if (!existsSync(metricsOf(run))) return [];
  const lines = readFileSync(metricsOf(run), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line).loss);
}

/** Newest whole checkpoint of pretraining, and what was passed over. */
export const newest = (run) => latestCheckpoint(stageOf(run));

/** SHA-256 of every file of the last checkpoint: weights, moments, averages. */
export async function digests(run) {
  const { checkpoint } = await newest(run);
  const { files } = JSON.parse(readFileSync(join(checkpoint.path, "checkpoint.json"), "utf8"));
  return JSON.stringify(files);
}

/** Whether a checkpoint was being written. */
export const isWriting = (run) =>
  existsSync(stageOf(run)) && readdirSync(stageOf(run)).some((name) => name.endsWith(".tmp"));

/**
 * Runs `simclr run` until it ends.
 *
 * @param disturb - Called every few milliseconds with the number of steps that the file of metrics shows, and the process.
 */
export function simclr(lab, run, { env = {}, disturb, imports = [] } = {}) {
  const args = [...imports.flatMap((file) => ["--import", pathToFileURL(file).href]), BIN, "run"];
  const child = spawn(process.execPath, [...args, join(lab, "config.yaml"), "-o", run], {
    cwd: lab,
    env: { ...process.env, NO_COLOR: "1", SIMCLR_NUM_THREADS: "1", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const began = losses(run).length;
  const timer = disturb && setInterval(() => disturb(losses(run).length - began, child), POLL_MS);
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  return new Promise((resolve) => {
    child.on("close", (status, signal) => {
      clearInterval(timer);
      clearTimeout(limit);
      resolve({ status: status ?? signal, stderr });
    });
  });
}

/** The line of the standard error that tells what went wrong, without paths. */
export function message({ stderr }, lab) {
  const lines = stderr.trimEnd().split("\n");
  const told = lines.findLast((line) => /error:|stopped at|warning: passing over/.test(line)) ?? lines.at(-1) ?? "";
  return told
    .replaceAll(lab, "…")
    .replaceAll(/…\/[\w.-]+\/pretrain/g, "…/pretrain")
    .replace(/^\s*\d+:\d\d /, "");
}
