// The pretraining of configs/cifar10-small.yaml, views and all, beside PyTorch's (benchmarks/peers/pretrain.py), one after the other
// in rounds. Each side trains two epochs of the images and counts the second; PyTorch draws its views in the main process and
// in the workers of a DataLoader, and the faster counts. Prints a row a round, then the medians and the ratios within each round.
//   pnpm bench pretraining-peers --python PYTHON_WITH_TORCHVISION --data PATH/TO/cifar10-jpeg [--rounds 3] [--limit 5120] [--threads 2]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    data: { type: "string" },
    rounds: { type: "string", default: "3" },
    limit: { type: "string", default: "5120" },
    threads: { type: "string", default: "2" },
  },
});
if (values.data === undefined) {
  console.error("pretraining-peers: --data names the folder of train-*.tar and test.tar, such as CIFAR-10 as JPEG.");
  process.exit(2);
}
const BATCH = 256;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function run(command, args, env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (error || status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
  return stdout;
}

/** Page faults are dear on virtual machines; without these, glibc gives memory back and takes it again at every step. */
const ALLOCATOR = { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: "68719476736" };

function peer(workers) {
  const work = ["--data", values.data, "--limit", values.limit, "--batch", `${BATCH}`];
  const how = ["--threads", values.threads, "--workers", `${workers}`];
  const lines = run(values.python, [here("./peers/pretrain.py"), ...work, ...how], ALLOCATOR)
    .trim()
    .split("\n");
  return JSON.parse(lines.at(-1));
}

function ours() {
  const folder = mkdtempSync(join(tmpdir(), "simclr-pretraining-"));
  try {
    const settings = [
      `data.limit=${values.limit}`,
      "data.testLimit=100",
      "pretrain.epochs=2",
      "pretrain.warmupEpochs=1",
      "labels=[{ perClass: 5 }]",
    ];
    const args = ["pretrain", here("../configs/cifar10-small.yaml"), "--data", resolve(values.data), "-o", folder];
    const set = settings.flatMap((setting) => ["--set", setting]);
    run(process.execPath, [here("../apps/cli/dist/bin.js"), ...args, ...set], { SIMCLR_NUM_THREADS: values.threads });
    const steps = readFileSync(join(folder, "pretrain/metrics.jsonl"), "utf8").trim().split("\n").map(JSON.parse);
    const second = steps.filter(({ epoch }) => epoch === 1);
    const milliseconds = second.reduce((sum, { dataWaitMs, stepMs }) => sum + dataWaitMs + stepMs, 0);
    return {
      imagesPerSecond: (1000 * BATCH * second.length) / milliseconds,
      loss: second.at(-1).loss,
      details: JSON.parse(readFileSync(join(folder, "results.json"), "utf8")).facts.backend,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
const speed = ({ imagesPerSecond }) => imagesPerSecond.toFixed(0);

const rounds = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const [alone, helped, own] = [peer(0), peer(Number(values.threads)), ours()];
  const best = alone.imagesPerSecond > helped.imagesPerSecond ? alone : helped;
  if (round === 0) {
    console.log(`peer: ${best.details}\nours: ${own.details}\n`);
    console.log("| PyTorch, images/s | with workers | ours | ours / the faster | loss | loss, ours |");
    console.log("| ---: | ---: | ---: | ---: | ---: | ---: |");
  }
  const ratio = own.imagesPerSecond / best.imagesPerSecond;
  const losses = [best.loss.toFixed(2), own.loss.toFixed(2)];
  console.log(`| ${[...[alone, helped, own].map(speed), ratio.toFixed(2), ...losses].join(" | ")} |`);
  rounds.push({ best: best.imagesPerSecond, own: own.imagesPerSecond, ratio });
}
const of = (name) => median(rounds.map((each) => each[name]));
console.log(
  `\nmedians: PyTorch ${of("best").toFixed(0)}, ours ${of("own").toFixed(0)}, ratio ${of("ratio").toFixed(2)}`,
);
