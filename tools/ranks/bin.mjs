#!/usr/bin/env node
// npm run ranks: how far ranks are from one process, as docs/scaling.md has it: Markdown on the standard output.
import { hostsMissing, makeHosts } from "./src/hosts.mjs";
import { difference, installedFamilies, steps } from "./src/launch.mjs";

const settings = { backend: "onednn", tasks: ["simclr", "fine-tuning", "distillation"], steps: 20 };
const parts = ["loss", "gradients", "statistics", "weights"];
const one = await steps(settings, { ranks: 1, threads: 1 });

console.log("| ranks | SimCLR | fine-tuning | distillation |\n| --- | --- | --- | --- |");
async function row(name, where) {
  const found = await steps(settings, where);
  const cells = settings.tasks.map((task) =>
    parts.map((part) => difference(found[task][part], one[task][part]).toExponential(0)).join(", "),
  );
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}

await row("1, with 2 threads", { ranks: 1, threads: 2 });
for (const family of installedFamilies())
  for (const ranks of [2, 3, 4]) await row(`${ranks}, ${family}`, { ranks, family });
const missing = hostsMissing();
if (missing) {
  console.error(`SKIPPED: several hosts: ${missing}`);
} else {
  const hosts = makeHosts(3);
  try {
    await row("3 hosts, TCP", { ranks: 3, hosts });
  } finally {
    hosts.remove();
  }
}
