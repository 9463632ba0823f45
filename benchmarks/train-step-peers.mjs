// The training step of train-step.mjs beside PyTorch's (benchmarks/peers/train_step.py), one after the other in rounds, so that
// both see the same machine. Prints one row a configuration: medians of the rounds, and the ratios within each round.
//   pnpm bench train-step-peers --python PYTHON_WITH_TORCH [--rounds 3] [--only r18,float32] [--threads 2]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    only: { type: "string", default: "" },
  },
});
const rounds = Number(values.rounds);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const CONFIGURATIONS = [
  { model: "r18", depth: 18, width: 1, imageSize: 32, batch: 64, steps: 5 },
  { model: "r18_0.25x", depth: 18, width: 0.25, imageSize: 32, batch: 128, steps: 30 },
  { model: "r50", depth: 50, width: 1, imageSize: 224, batch: 16, steps: 2 },
].flatMap((each) => ["float32", "bfloat16"].map((precision) => ({ ...each, precision })));

// Page faults are dear on virtual machines; without these, glibc gives memory back and takes it again at every step.
const PEER_ENVIRONMENT = { ...process.env, MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: "68719476736" };

function run(command, args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args.map(String), { env, encoding: "utf8" });
  if (error || status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

function peer({ depth, width, imageSize, batch, precision, steps }) {
  const size = ["--depth", depth, "--width", width, "--image-size", imageSize, "--batch", batch];
  const how = ["--precision", precision, "--steps", steps, "--threads", values.threads];
  return run(values.python, [here("./peers/train_step.py"), ...size, ...how], PEER_ENVIRONMENT);
}

function ours({ model, imageSize, batch, precision, steps }) {
  const size = ["--model", model, "--image-size", imageSize, "--batch", batch];
  const how = ["--precision", precision, "--steps", steps, "--threads", values.threads, "--json"];
  return run(process.execPath, [here("./train-step.mjs"), ...size, ...how]);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

const wanted = values.only.split(",").filter(Boolean);
const chosen = CONFIGURATIONS.filter((each) => wanted.every((word) => Object.values(each).map(String).includes(word)));
if (chosen.length === 0) throw new Error(`--only ${values.only}: none of ${CONFIGURATIONS.map((c) => c.model)}`);

let described = false;
for (const configuration of chosen) {
  const results = Array.from({ length: rounds }, () => ({ peer: peer(configuration), ours: ours(configuration) }));
  if (!described) {
    console.log(`peer: ${results[0].peer.details}\nours: ${results[0].ours.details}\n`);
    console.log(
      "| network | image | batch | precision | PyTorch images/s | ours | ratio (least–most) | PyTorch MB | ours MB |",
    );
    console.log("| --- | ---: | ---: | --- | ---: | ---: | --- | ---: | ---: |");
    described = true;
  }
  const of = (side, field) => results.map((each) => each[side][field]);
  const ratios = results.map((each) => each.ours.imagesPerSecond / each.peer.imagesPerSecond);
  const { model, imageSize, batch, precision } = configuration;
  const speeds = [of("peer", "imagesPerSecond"), of("ours", "imagesPerSecond")].map((each) =>
    median(each).toPrecision(3),
  );
  const memory = [of("peer", "peakMemoryMB"), of("ours", "peakMemoryMB")].map(median);
  const range = `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
  console.log(`| ${[model, `${imageSize} px`, batch, precision, ...speeds, range, ...memory].join(" | ")} |`);
}
