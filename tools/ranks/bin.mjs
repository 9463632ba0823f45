#!/usr/bin/env node
// npm run ranks [-- --cpu]: how far ranks are from one process, as docs/scaling.md has it: Markdown on the standard output. Ends
// with 1 where one is further than it may. --cpu: on the backend cpu, 2 steps instead of 20, which take some minutes.
import { distances } from "./src/compare.mjs";
import { hostsMissing, makeHosts } from "./src/hosts.mjs";
import { installedFamilies, steps } from "./src/launch.mjs";

const isCpu = process.argv.includes("--cpu");
const settings = {
  backend: isCpu ? "cpu" : "onednn",
  tasks: ["simclr", "fine-tuning", "distillation"],
  steps: isCpu ? 2 : 20,
};
const limitSeconds = 900;
const one = await steps(settings, { ranks: 1, threads: 1, limitSeconds });
const again = isCpu ? undefined : await steps(settings, { ranks: 1, threads: 2 });

console.log("| ranks | SimCLR | fine-tuning | distillation |\n| --- | --- | --- | --- |");
function row(name, found) {
  const cells = settings.tasks.map((task) => {
    const parts = distances(found[task], one[task], again?.[task]);
    const tooFar = parts.filter(({ distance, limit }) => !(distance < limit));
    for (const { part, distance, limit } of tooFar)
      console.error(`FAILED: ${name}, ${task}: ${part}: ${distance}, where ${limit} is allowed`);
    if (tooFar.length > 0) process.exitCode = 1;
    return parts.map(({ distance }) => distance.toExponential(0)).join(", ");
  });
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}

if (again) row("1, with 2 threads", again);
const families = installedFamilies().slice(0, isCpu ? 1 : undefined);
for (const family of families)
  for (const ranks of [2, 3, 4]) row(`${ranks}, ${family}`, await steps(settings, { ranks, family, limitSeconds }));
const missing = hostsMissing();
if (missing) {
  console.error(`SKIPPED: several hosts: ${missing}`);
} else if (!isCpu) {
  const hosts = makeHosts(3);
  try {
    row("3 hosts, TCP", await steps(settings, { ranks: 3, hosts }));
  } finally {
    hosts.remove();
  }
}
