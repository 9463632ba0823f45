#!/usr/bin/env node
// npm run ranks [-- --backend cpu | webgpu] [-- --full] [-- --tasks simclr,distillation]: how far ranks are from one process, as
// docs/scaling.md has it: Markdown on the standard output. Ends with 1 where one is further than it may, or a planted mistake nearer.
// --full: onednn and cpu one after the other.
import { parseArgs } from "node:util";
import { distances, mistakeDistance } from "./src/compare.mjs";
import { deviceMissing } from "./src/device.mjs";
import { hostsMissing, makeHosts } from "./src/hosts.mjs";
import { installedFamilies, steps } from "./src/launch.mjs";
import { MISTAKES } from "./src/mistakes.mjs";

const { values: flags } = parseArgs({
  options: {
    backend: { type: "string", default: "onednn" },
    tasks: { type: "string", default: "simclr,fine-tuning,distillation" },
    full: { type: "boolean", default: false },
  },
});
const tasks = flags.tasks.split(",");
const limitSeconds = 3600;

for (const backend of flags.full ? ["onednn", "cpu"] : [flags.backend]) {
  const missing = backend === "webgpu" ? deviceMissing() : undefined;
  if (missing) console.error(`SKIPPED: webgpu: ${missing}`);
  else await compare(backend);
}

async function compare(backend) {
  const settings = { backend, tasks, steps: 20 };
  const one = await steps(settings, { ranks: 1, threads: 1, limitSeconds });
  console.log(`\n### ${backend}\n\n| ranks | ${tasks.join(" | ")} |\n| ---${" | ---".repeat(tasks.length)} |`);

  let again;
  function row(name, found) {
    const cells = tasks.map((task) => {
      const parts = distances(found[task], one[task], again?.[task]);
      const tooFar = found === again ? [] : parts.filter(({ distance, limit }) => !(distance < limit));
      for (const { part, distance, limit } of tooFar)
        fail(`${backend}, ${name}, ${task}: ${part}: ${distance}, where ${limit} is allowed`);
      return parts.map(({ distance }) => distance.toExponential(0)).join(", ");
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }

  // Only onednn adds up in another order with another number of threads; cpu adds up in double precision, in any order the same.
  if (backend === "onednn") {
    again = await steps(settings, { ranks: 1, threads: 2, limitSeconds });
    row("1, with 2 threads", again);
  } else {
    again = await steps({ ...settings, nudged: true }, { ranks: 1, limitSeconds });
    row("1, weights one rounding off", again);
  }
  const families = installedFamilies();
  for (const family of families)
    for (const ranks of [2, 3, 4]) row(`${ranks}, ${family}`, await steps(settings, { ranks, family, limitSeconds }));
  const missing = hostsMissing();
  if (missing) {
    console.error(`SKIPPED: several hosts: ${missing}`);
  } else if (backend === "onednn") {
    const hosts = makeHosts(3);
    try {
      row("3 hosts, TCP", await steps(settings, { ranks: 3, hosts, limitSeconds }));
    } finally {
      hosts.remove();
    }
  }
  if (tasks.includes("simclr") && families.length > 0) await plant(backend, one.simclr, families[0]);
}

async function plant(backend, expected, family) {
  console.log("\n| mistake, in the first step of SimCLR | off by |\n| --- | --- |");
  for (const mistake of Object.keys(MISTAKES)) {
    const settings = { backend, tasks: ["simclr"], steps: 1, mistake };
    const { simclr } = await steps(settings, { ranks: 2, family, limitSeconds });
    const { distance, isSeen } = mistakeDistance(simclr, expected);
    if (!isSeen) fail(`${backend}: ${mistake}: ${distance} is too near`);
    console.log(`| ${mistake} | ${distance.toFixed(2)} |`);
  }
}

function fail(message) {
  console.error(`FAILED: ${message}`);
  process.exitCode = 1;
}
