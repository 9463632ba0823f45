// Two ranks beside one: the same run of the small CIFAR-10 study, pretrained and measured with kNN, on one process with two
// threads and on two ranks with one thread each.
//   pnpm bench ranks --data FOLDER [--seeds 0,1,2] [--epochs 5] [--limit 10000] [--output FOLDER] [--table]
//
// FOLDER holds train-*.tar and test.tar, such as CIFAR-10 as JPEG; `shapes` takes the built-in images. Each result is one line
// of results.jsonl in the output folder; what is there is not made again, and a run that was stopped goes on.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "shapes" },
    seeds: { type: "string", default: "0,1,2" },
    epochs: { type: "string", default: "5" },
    limit: { type: "string", default: "10000" },
    batch: { type: "string", default: "256" },
    width: { type: "string", default: "0.25" },
    output: { type: "string", default: "runs/ranks" },
    table: { type: "boolean", default: false },
  },
});
const BIN = fileURLToPath(new URL("../apps/cli/dist/bin.js", import.meta.url));
/** Two processors in all, whichever way. */
const WAYS = [
  { ranks: 1, threads: 2 },
  { ranks: 2, threads: 1 },
];
const [epochs, limit, batchSize, width] = ["epochs", "limit", "batch", "width"].map((key) => Number(values[key]));
const key = { epochs, limit, batchSize, width };

const images =
  values.data === "shapes"
    ? `{ train: shapes, test: shapes, limit: ${limit}, imageSize: 32 }`
    : `{ root: ${resolve(values.data)}, train: "train-*.tar", test: test.tar, limit: ${limit}, imageSize: 32 }`;
/** The pretraining of configs/cifar10-small.yaml; what a run wants besides is as short as can be. */
const config = `name: ranks
data: ${images}
model: { depth: 18, width: ${width} }
method: { name: simclr, temperature: 0.5 }
pretrain:
  batchSize: ${batchSize}
  epochs: ${epochs}
  optimizer: { name: momentum, learningRate: 0.3, scaling: linear, weightDecay: 0.0005 }
  augmentation: { recipe: cifar, sampler: torchvision }
labels: [{ fraction: 0.1 }]
finetune: { batchSize: 64, steps: 1, optimizer: { learningRate: 0.05 } }
evaluate: { linear: { epochs: 1 } }
`;

mkdirSync(values.output, { recursive: true });
const file = join(values.output, "results.jsonl");
const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
const results = lines.map((line) => JSON.parse(line));
const found = (about) =>
  results.find((result) => Object.entries(about).every(([name, value]) => result[name] === value));

if (!values.table) {
  for (const seed of values.seeds.split(",").map(Number))
    for (const way of WAYS) if (found({ ...key, ...way, seed }) === undefined) measure(seed, way);
}
console.log(table());

function measure(seed, { ranks, threads }) {
  const folder = join(values.output, `${epochs}-epochs-seed-${seed}-ranks-${ranks}`);
  const yaml = join(values.output, "ranks.yaml");
  writeFileSync(yaml, config);
  const launch = ranks > 1 ? ["launch", "-n", `${ranks}`, "--threads", `${threads}`] : [];
  const args = [BIN, ...launch, "run", yaml, "-o", folder, "--set", `seed=${seed}`];
  const env = { ...process.env, SIMCLR_NUM_THREADS: `${threads}` };
  const { status } = spawnSync(process.execPath, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`simclr ended with ${status}`);
  const { accuracy, stages, facts } = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
  const [pretraining] = stages;
  const result = {
    ...{ ranks, threads, seed, ...key },
    knn: accuracy.find(({ method, labels }) => method === "kNN" && labels.startsWith("all")).top1,
    loss: pretraining.finalLoss,
    imagesPerSecond: (pretraining.steps * batchSize) / pretraining.seconds,
    communication: pretraining.communication ?? 0,
    backend: facts.backend,
  };
  results.push(result);
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

function table() {
  const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const rows = WAYS.flatMap((way) => {
    const own = results.filter((result) =>
      Object.entries({ ...key, ...way }).every(([k, value]) => result[k] === value),
    );
    if (own.length === 0) return [];
    const each = own.map(({ knn }) => (100 * knn).toFixed(1)).join(", ");
    const images = own.map(({ imagesPerSecond }) => imagesPerSecond);
    const share = (100 * mean(own.map(({ communication }) => communication))).toFixed(1);
    const cells = [way.ranks, way.threads, (100 * mean(own.map(({ knn }) => knn))).toFixed(2), each];
    return [`| ${[...cells, mean(images).toFixed(0), `${share} %`].join(" | ")} |`];
  });
  return [
    "| ranks | threads each | kNN, mean | each seed | images/s | in collectives |",
    "| ---: | ---: | ---: | --- | ---: | ---: |",
    ...rows,
  ].join("\n");
}
