// How losses weigh the negatives of one anchor, in numbers: the tables of docs/losses/comparison.md.
//   pnpm bench compare-losses [--write]      --write puts the tables into the page
//
// The anchor is a unit vector; every other row has a chosen cosine with it and, beside that, a direction of its own. The
// anchor's gradient along the direction of negative k is dL/ds_k · √(1 - s_k²), with s_k the cosine; so one gradient tells
// how hard the loss pushes at each of them.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { useBackend } from "@simclr/backends";
import { supCon, triplet } from "@simclr/losses";
import * as tf from "@tensorflow/tfjs-core";

const { values: flags } = parseArgs({ options: { write: { type: "boolean", default: false } } });
await useBackend("cpu");

const NEGATIVES = [0.9, 0.75, 0.5, 0.2, -0.3];
const labels = tf.tensor1d([0, 0, 1, 2, 3, 4, 5], "int32"); // anchor and positive are one class, the others one each
const width = 2 + NEGATIVES.length;

/** Row with cosine `s` to the anchor, the rest along axis `axis`. */
const row = (s, axis) => Array.from({ length: width }, (_, i) => (i === 0 ? s : i === axis ? Math.sqrt(1 - s * s) : 0));
const others = (positive) => tf.tensor2d([row(positive, 1), ...NEGATIVES.map((s, k) => row(s, k + 2))]);

/** Losses of one anchor `[1, D]` and the rows after it: positive first, then negatives. */
const cosines = (anchor, rows) => {
  const unit = tf.div(anchor, tf.norm(anchor));
  return tf.split(tf.reshape(tf.matMul(unit, rows, false, true), [-1]), [1, NEGATIVES.length]);
};
const batchLoss = (loss, scale) => (anchor, rows) => tf.mul(scale, loss(tf.concat([anchor, rows], 0)));
// The positive is an anchor too, but its pairs with negatives do not move our anchor: undo its share of the mean.
const ntXent = (temperature) => batchLoss((z) => supCon(z, labels, { temperature }), 2);
const tripletLoss = (mining) => batchLoss((z) => triplet(z, labels, { mining, margin: 0.2 }), 2);
const decoupled = (temperature) => (anchor, rows) => {
  const [p, n] = cosines(anchor, rows);
  return tf.sub(tf.logSumExp(tf.div(n, temperature)), tf.div(tf.sum(p), temperature));
};
const contrastive = (margin) => (anchor, rows) => {
  const [p, n] = cosines(anchor, rows);
  const distance = (s) => tf.sqrt(tf.maximum(tf.sub(2, tf.mul(2, s)), 1e-12));
  return tf.add(tf.sum(tf.square(distance(p))), tf.mean(tf.square(tf.relu(tf.sub(margin, distance(n))))));
};
const logistic = (temperature) => (anchor, rows) => {
  const [p, n] = cosines(anchor, rows);
  return tf.add(tf.sum(tf.softplus(tf.div(p, -temperature))), tf.mean(tf.softplus(tf.div(n, temperature))));
};

/** dL/ds of each negative. */
async function pushes(loss, positive) {
  const anchor = tf.tensor2d([row(1, 0)]);
  const gradient = await tf
    .grad((a) => loss(a, others(positive)))(anchor)
    .data();
  return NEGATIVES.map((s, k) => gradient[k + 2] / Math.sqrt(1 - s * s));
}

const LOSSES = [
  ["NT-Xent, τ = 0.1", ntXent(0.1)],
  ["NT-Xent, τ = 0.5", ntXent(0.5)],
  ["NT-Xent, τ = 1", ntXent(1)],
  ["decoupled NT-Xent, τ = 0.1", decoupled(0.1)],
  ["logistic, τ = 0.5", logistic(0.5)],
  ["contrastive (pairs), margin 1", contrastive(1)],
  ["triplet, all, margin 0.2", tripletLoss("all")],
  ["triplet, semi-hard, margin 0.2", tripletLoss("semi-hard")],
  ["triplet, hard, margin 0.2", tripletLoss("hard")],
];
const table = (head, rows) => {
  const cells = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const line = (parts) =>
    `| ${parts.map((part, i) => (i === 0 ? part.padEnd(widths[i]) : part.padStart(widths[i]))).join(" | ")} |`;
  const rule = `| ${widths.map((w, i) => (i === 0 ? "-".repeat(w) : `${"-".repeat(w - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
};
const sum = (x) => x.reduce((a, b) => a + b, 0);

const shares = [];
const totals = [];
const POSITIVES = [0, 0.5, 0.8, 0.95, 0.99];
for (const [name, loss] of LOSSES) {
  const at = await pushes(loss, 0.8);
  shares.push([name, ...at.map((push) => (sum(at) < 1e-9 ? "–" : `${((100 * push) / sum(at)).toFixed(1)} %`))]);
  const all = await Promise.all(POSITIVES.map((positive) => pushes(loss, positive)));
  totals.push([name, ...all.map((push) => sum(push).toFixed(3))]);
}
const cosine = (s) => s.toFixed(2);
const tables = {
  shares: table(["share of the push, by cosine", ...NEGATIVES.map(cosine)], shares),
  totals: table(["whole push, by cosine of the positive", ...POSITIVES.map(cosine)], totals),
};
for (const text of Object.values(tables)) console.log(`${text}\n`);
if (flags.write) {
  const page = new URL("../docs/losses/comparison.md", import.meta.url);
  let text = readFileSync(page, "utf8");
  for (const [name, content] of Object.entries(tables))
    text = text.replace(
      new RegExp(`(<!-- ${name} -->\n\n)[\\s\\S]*?(\n\n<!-- end -->)`),
      (_, before, after) => before + content + after,
    );
  writeFileSync(page, text);
}
