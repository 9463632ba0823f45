// Two augmented views of a batch, from bytes to float32 in [0, 1]: the CIFAR recipe at 32 pixels and SimCLRv2's at 224,
// beside torchvision's on the same images, in turns. Medians; views/s; how many times torchvision's speed.
//   pnpm bench augment [--python /path/to/python] [--recipe cifar|simclr-v2] [--images 256] [--large 64] [--rounds 15]
//     [--backend onednn] [--threads 2] [--json] [--profile]
// Without --python (one that has torch and torchvision) only ours is measured. With --profile (on onednn) a table of what each
// kernel took in one round.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { batchView, cifar, simclrV2 } from "@simclr/augment";
import { profileOnednn, profileTable } from "@simclr/backend-onednn";
import { useBackend } from "@simclr/backends";
import { Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    recipe: { type: "string", multiple: true, default: ["cifar", "simclr-v2"] },
    images: { type: "string", default: "256" },
    large: { type: "string", default: "64" },
    rounds: { type: "string", default: "15" },
    backend: { type: "string", default: "onednn" },
    threads: { type: "string", default: String(availableParallelism()) },
    json: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
  },
});
const threads = Number(values.threads);
const rounds = Number(values.rounds);
const report = await useBackend(values.backend, { threads });

/** Sides of the stored images and of the views; a batch of the small ones is as large as in training. */
const WORK = {
  cifar: { recipe: cifar(), side: 32, size: 32, count: Number(values.images) },
  "simclr-v2": { recipe: simclrV2({ size: 224 }), side: 256, size: 224, count: Number(values.large) },
};

/** Smooth colours with noise, as photographs are: the same bytes for both sides. */
function photographs(count, side) {
  const random = Random.fromSeed(0);
  const bytes = new Uint8Array(count * side * side * 3);
  for (let i = 0, at = 0; i < count; i++) {
    const waves = Array.from({ length: 6 }, () => random.uniform(1, 5));
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        for (let c = 0; c < 3; c++, at++) {
          const wave = Math.sin((waves[c] * x) / side) + Math.cos((waves[3 + c] * y) / side);
          bytes[at] = 128 + 50 * wave + ((at * 7919) % 23);
        }
  }
  return bytes;
}

/** The peer: a process that makes two views of the same images whenever it is asked, and says how long it took. */
class Torchvision {
  #process;
  #lines;

  constructor(python) {
    const script = fileURLToPath(new URL("peers/augment.py", import.meta.url));
    this.#process = spawn(python, [script, "--workers", String(threads)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async #ask(question, bytes) {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    if (bytes) this.#process.stdin.write(bytes);
    const { value, done } = await this.#lines.next();
    if (done)
      throw new Error("augment: the peer stopped; its message is above. Does --python have torch and torchvision?");
    return JSON.parse(value);
  }

  load(recipe, { side, size, count }, bytes) {
    return this.#ask({ load: recipe, side, size, count }, bytes);
  }

  async round() {
    return (await this.#ask({ round: true })).milliseconds;
  }

  close() {
    this.#process.stdin.end();
  }
}

const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
const peer = values.python ? new Torchvision(values.python) : undefined;
const rows = [];
for (const name of values.recipe) {
  const work = WORK[name];
  if (work === undefined)
    throw new Error(`augment: --recipe must be one of ${Object.keys(WORK).join(", ")}; received ${name}.`);
  const { recipe, side, count } = work;
  const images = photographs(count, side);
  const batch = {
    kind: "raw",
    images,
    shape: [count, side, side, 3],
    indices: Int32Array.from({ length: count }, (_, i) => i),
  };
  const random = Random.fromSeed(1);
  let step = 0;
  const ours = () => {
    const start = performance.now();
    const views = [0, 1].map((view) => batchView(batch, recipe, { random, epoch: step, step, view }));
    const took = performance.now() - start;
    tf.dispose(views);
    step++;
    return took;
  };
  const versions = await peer?.load(name, work, images);
  for (let i = 0; i < 3; i++) ours();
  await peer?.round();
  const times = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(ours());
    if (peer) times.peer.push(await peer.round());
  }
  const [ms, peerMs] = [median(times.ours), peer && median(times.peer)];
  rows.push({
    recipe: name,
    images: count,
    "ms for two views": Number(ms.toFixed(1)),
    "views/s": Math.round((2000 * count) / ms),
    ...(peer && {
      [`torchvision ms (${versions.workers} processes)`]: Number(peerMs.toFixed(1)),
      "torchvision views/s": Math.round((2000 * count) / peerMs),
      // Of each round its own ratio, so that what else the machine did counts for both.
      "times torchvision": Number(median(times.ours.map((own, i) => times.peer[i] / own)).toFixed(2)),
    }),
  });
  if (values.profile) {
    const { profile } = await profileOnednn(async () => void ours());
    console.error(profileTable(profile, { steps: 1 }));
  }
}
peer?.close();
const summary = { backend: `${report.name} (${report.details})`, threads, rounds, rows };
if (values.json) console.log(JSON.stringify(summary));
else {
  console.log(`${summary.backend}, ${threads} threads, medians of ${rounds} rounds`);
  console.table(rows);
}
