// All-reduces through our communicator beside a plain C loop, interleaved in the same processes on the same buffer.
//   pnpm bench all-reduce [--ranks 2] [--rounds 9] [--json]       (needs mpicc: apt-get install -y libopenmpi-dev)
// On a busy machine with OMPI_MCA_mpi_yield_when_idle=1: else a rank that waits takes the processor of the one it waits for.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect, launcherOf, launchLine } from "@simclr/distributed/node";

const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "2" },
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
    library: { type: "string" },
  },
});
/** Values and repetitions of a round; the last two are the gradients of a ResNet-18 and a ResNet-50. */
const SIZES = [
  { name: "4 KB", count: 1024, times: 200 },
  { name: "64 KB", count: 16_384, times: 100 },
  { name: "1 MB", count: 262_144, times: 20 },
  { name: "45 MB", count: 11_190_000, times: 1 },
  { name: "94 MB", count: 23_510_000, times: 1 },
];

if (launcherOf() === undefined) start();
else await measure();

/** Builds the loop, and starts this file again on ranks. */
function start() {
  const folder = mkdtempSync(join(tmpdir(), "simclr-all-reduce-"));
  try {
    const library = join(folder, "all-reduce.so");
    const source = fileURLToPath(new URL("./all-reduce.c", import.meta.url));
    const built = spawnSync("mpicc.openmpi", ["-O2", "-shared", "-fPIC", "-o", library, source], { stdio: "inherit" });
    if (built.status !== 0) {
      console.error("all-reduce: mpicc.openmpi is needed to build the C loop. apt-get install -y libopenmpi-dev");
      process.exitCode = 2;
      return;
    }
    const program = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2), "--library", library];
    const { args } = launchLine(program, { ranks: Number(values.ranks), threadsPerRank: 1 });
    process.exitCode = spawnSync("mpirun.openmpi", args, { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure() {
  const communicator = connect({ engine: "mpi" }); // of one rank too, which shows what a call costs by itself
  const koffi = createRequire(new URL("../packages/distributed/package.json", import.meta.url))("koffi");
  const loop = koffi.load(values.library).func("all_reduce_loop", "double", ["void *", "int", "int"]);
  const rows = [];
  for (const { name, count, times } of SIZES) {
    const buffer = new Float32Array(count);
    await communicator.allReduce(buffer, "sum"); // touches the memory
    const seconds = { c: [], ours: [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      seconds.c.push(loop(buffer, count, times));
      // Ranks leave our barrier milliseconds apart, since it sleeps between looks; C's loop begins with MPI's, which spins.
      communicator.blocking.allReduce(new Float32Array(1), "sum");
      const began = performance.now();
      for (let i = 0; i < times; i++) await communicator.allReduce(buffer, "sum");
      seconds.ours.push((performance.now() - began) / 1000 / times);
    }
    const row = { name, bytes: 4 * count };
    for (const [who, all] of Object.entries(seconds)) {
      row[who] = median(all);
      row[`${who}Least`] = Math.min(...all);
    }
    row.ratio = median(seconds.ours.map((ours, i) => ours / seconds.c[i]));
    rows.push(row);
  }
  if (communicator.rank === 0) report(rows, communicator);
  await communicator.close();
}

function report(rows, { size, version }) {
  if (values.json) return console.log(JSON.stringify({ ranks: size, version, rows }));
  console.log(`${size} ranks, ${version}, float32, sum, in place; medians and minima of ${values.rounds} rounds\n`);
  const head = ["size", "C loop, ms", "ours, ms", "ours / C", "C at its best", "ours at its best", "ours / C"];
  console.log(`| ${head.join(" | ")} |\n| --- |${" ---: |".repeat(head.length - 1)}`);
  const ms = (seconds) => (1000 * seconds).toFixed(seconds < 1e-4 ? 4 : 2);
  for (const { name, c, ours, ratio, cLeast, oursLeast } of rows) {
    const cells = [ms(c), ms(ours), ratio.toFixed(2), ms(cLeast), ms(oursLeast), (oursLeast / cLeast).toFixed(2)];
    console.log(`| ${[name, ...cells].join(" | ")} |`);
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
