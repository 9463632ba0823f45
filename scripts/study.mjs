#!/usr/bin/env node
// npm run study -- [--table N] [--data PATH/TO/cifar10-jpeg] [--max-minutes M]
// Makes the tables and plots of docs/study.md from the results in docs/study/results. With --data, the runs that a table
// lacks are made first; they take hours, go on where they were stopped, and each leaves its result as soon as it is done.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { loadSweep, summarizeSweep, sweepResults } from "../packages/pipeline/dist/index.js";
import { intervalChart } from "../packages/report/dist/index.js";
import { shortLabels, TABLES } from "./study/tables.mjs";
import { root, run } from "./tools.mjs";

const { values } = parseArgs({
  options: { table: { type: "string" }, data: { type: "string" }, "max-minutes": { type: "string" } },
});
const page = join(root, "docs/study.md");
const chosen = TABLES.filter(({ number }) => values.table === undefined || Number(values.table) === number);
if (chosen.length === 0) {
  console.error(
    `study: there is no table ${values.table}. There are: ${TABLES.map(({ number }) => number).join(", ")}.`,
  );
  process.exit(2);
}
const fileOf = ({ sweep }) => join(root, `docs/study/sweeps/${sweep}.yaml`);

const number = (share) => (100 * share).toFixed(1);
const markdown = (head, lines) =>
  [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

let status = 0;
for (const table of chosen) {
  if (values.data !== undefined) {
    const time = values["max-minutes"] === undefined ? [] : ["--max-minutes", values["max-minutes"]];
    status = run(process.execPath, [
      join(root, "apps/cli/dist/bin.js"),
      ...["sweep", fileOf(table), "--data", values.data, ...time],
    ]);
  }
  try {
    await refresh(table);
  } catch (error) {
    if (error.code !== "checkpoint") throw error;
    console.error(`study: ${error.message}`);
    status ||= 1;
  }
  if (status !== 0) break;
}
run(process.execPath, [join(root, "node_modules/@biomejs/biome/bin/biome"), "format", "--write", page]);
process.exit(status);

/** Puts what is there between the table's marks. */
async function refresh(table) {
  // Where the images lie does not matter for what is read.
  const plan = await loadSweep(fileOf(table), { data: values.data ?? root });
  const results = (await sweepResults(plan)).filter((result) => result !== undefined);
  const [open, close] = [`<!-- table ${table.number} -->`, `<!-- /table ${table.number} -->`];
  const text = readFileSync(page, "utf8");
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`study: docs/study.md has no place for table ${table.number}.`);
  const body = results.length === 0 ? "No run is finished yet." : contents(table, plan, results);
  const command = `npm run study -- --table ${table.number} --data PATH/TO/${table.images ?? "cifar10-jpeg"}`;
  const count = `${results.length} of ${plan.points.length} runs; \`${command}\``;
  writeFileSync(page, `${text.slice(0, start)}${open}\n\n${body}\n\n${count}\n\n${text.slice(end)}`);
  console.log(`table ${table.number}, ${table.title}: ${results.length} of ${plan.points.length} runs`);
}

function contents(table, plan, results) {
  if (table.probes) return probes(table, results);
  const rows = summarizeSweep(
    results.map((result) => ({
      ...result,
      accuracy: result.accuracy.map((row) => ({ ...row, labels: shortLabels(row.labels) })),
    })),
    plan.repeat,
  ).filter(({ method }) => table.only === undefined || table.only.test(method));
  const nameOf = ({ point }) => Object.values(point).join(", ");
  const points = [...new Set(rows.map(nameOf))];
  const columns = [...new Set(rows.map(({ labels, method }) => `${labels}: ${method}`))];
  const cell = (point, column) => {
    const row = rows.find((each) => nameOf(each) === point && `${each.labels}: ${each.method}` === column);
    if (row === undefined) return "";
    const { mean, low, high } = row.summary;
    return `${number(mean)}${low === undefined ? "" : ` (${number(low)} to ${number(high)})`}`;
  };
  const hasNames = points.length > 1 || points[0] !== "";
  const head = hasNames ? ["", ...points] : ["", "top-1"];
  const lines = columns.map((column) => [column, ...points.map((point) => cell(point, column))]);
  const chart = intervalChart(
    rows
      .map((row) => ({
        group: hasNames ? `${row.labels}: ${row.method}` : row.labels,
        name: hasNames ? nameOf(row) : row.method,
        value: 100 * row.summary.mean,
        low: row.summary.low && 100 * row.summary.low,
        high: row.summary.high && 100 * row.summary.high,
      }))
      .sort((a, b) => columns.indexOf(a.group) - columns.indexOf(b.group)),
    "top-1 on test images",
  );
  return `${markdown(head, lines)}\n\n${picture(table, chart)}`;
}

function probes(table, results) {
  const found = results.flatMap((result) =>
    result.probes.map((probe) => ({ ...probe, labels: shortLabels(probe.labels) })),
  );
  const sets = [...new Set(found.map(({ labels }) => labels))];
  const depths = [...new Set(found.map(({ depth }) => depth))];
  const mean = (depth, labels, measure) => {
    const own = found.filter((probe) => probe.depth === depth && probe.labels === labels);
    return own.reduce((sum, probe) => sum + probe[measure], 0) / own.length;
  };
  const measures = ["kNN", "linear"];
  const head = ["depth", ...sets.flatMap((labels) => measures.map((measure) => `${labels}: ${measure}`))];
  const lines = depths.map((depth) => [
    depth,
    ...sets.flatMap((labels) => measures.map((measure) => number(mean(depth, labels, measure.toLowerCase())))),
  ]);
  const rows = sets.flatMap((labels) =>
    depths.map((depth) => ({
      group: `linear probe, ${labels}`,
      name: depth,
      value: 100 * mean(depth, labels, "linear"),
    })),
  );
  return `${markdown(head, lines)}\n\n${picture(table, intervalChart(rows, "top-1 on test images"))}`;
}

function picture({ sweep, title }, svg) {
  mkdirSync(join(root, "docs/study/plots"), { recursive: true });
  const file = join(root, `docs/study/plots/${sweep}.svg`);
  writeFileSync(file, `${svg}\n`);
  return `![${title}](${relative(join(root, "docs"), file)})`;
}
