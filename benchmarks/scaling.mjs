// What a data-parallel SimCLR step costs on N ranks, by the model of docs/scaling.md: a fixed batch on every rank (weak scaling).
//   pnpm bench scaling [--compute 2] [--gradient-bytes 94040000] [--norms 56] [--batch 32] [--spread 0.02] [--json]
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    compute: { type: "string", default: "2" },
    "gradient-bytes": { type: "string", default: "94040000" },
    norms: { type: "string", default: "56" },
    channels: { type: "string", default: "512" },
    batch: { type: "string", default: "32" },
    dimension: { type: "string", default: "128" },
    spread: { type: "string", default: "0.02" },
    json: { type: "boolean", default: false },
  },
});
const number = (name) => Number(values[name]);
const compute = number("compute"); // seconds of forward and backward pass on one rank
const gradientBytes = number("gradient-bytes");
const norms = number("norms"); // synchronised batch norms
const normBytes = 8 * number("channels"); // mean and variance of an average one
const rowBytes = 4 * number("dimension");
const batch = number("batch"); // images of a rank
const spread = number("spread"); // relative standard deviation of the ranks' compute time

/** Latency of a message in seconds and bandwidth in bytes a second; the first three were measured, the others are data sheets. */
const NETWORKS = [
  { name: "shared memory of one machine", latency: 3e-6, bandwidth: 2.3e9 },
  { name: "TCP, loopback", latency: 15e-6, bandwidth: 1.5e9 },
  { name: "TCP, between network namespaces", latency: 30e-6, bandwidth: 1.1e9 },
  { name: "1 Gb Ethernet", latency: 50e-6, bandwidth: 0.117e9 },
  { name: "10 Gb Ethernet", latency: 30e-6, bandwidth: 1.17e9 },
  { name: "25 Gb Ethernet", latency: 25e-6, bandwidth: 2.9e9 },
  { name: "100 Gb with RDMA", latency: 3e-6, bandwidth: 11.5e9 },
];
const RANKS = [1, 2, 8, 64, 256, 1024];

/** Seconds of each part of a step. */
export function stepCost(ranks, { latency, bandwidth }) {
  if (ranks === 1) return { compute, gradients: 0, batchNorm: 0, gather: 0, waiting: 0 };
  const rounds = Math.log2(ranks);
  const travel = (2 * (ranks - 1) * gradientBytes) / ranks / bandwidth;
  return {
    compute,
    // the cheaper of the ring and of Rabenseifner's algorithm
    gradients: travel + Math.min(2 * (ranks - 1), 2 * rounds) * latency,
    // two all-reduces forward and one backward
    batchNorm: 3 * norms * rounds * (latency + normBytes / bandwidth),
    // rows of two views, and their gradients back
    gather: 4 * (rounds * latency + ((ranks - 1) * batch * rowBytes) / bandwidth),
    // for the slowest of the ranks
    waiting: spread * compute * Math.sqrt(2 * Math.log(ranks)),
  };
}

const total = (cost) => Object.values(cost).reduce((sum, each) => sum + each, 0);
const rows = NETWORKS.map(({ name, ...network }) => ({
  network: name,
  costs: RANKS.map((ranks) => ({ ranks, ...stepCost(ranks, network) })),
}));
if (values.json) {
  console.log(JSON.stringify(rows));
} else {
  const mb = (gradientBytes / 1e6).toFixed(0);
  console.log(
    `compute ${compute} s, gradients ${mb} MB, ${norms} batch norms, ${batch} images a rank, spread ${spread}\n`,
  );
  console.log(
    `| network | ${RANKS.map((ranks) => `${ranks}`).join(" | ")} | at ${RANKS.at(-1)} ranks, ms: gradients, batch norm, gather, waiting |`,
  );
  console.log(`| --- | ${RANKS.map(() => "---:").join(" | ")} | --- |`);
  for (const { network, costs } of rows) {
    const efficiency = costs.map(({ ranks: _, ...cost }) => `${((100 * compute) / total(cost)).toFixed(0)} %`);
    const { gradients, batchNorm, gather, waiting } = costs.at(-1);
    const parts = [gradients, batchNorm, gather, waiting].map((seconds) => (1000 * seconds).toFixed(0)).join(", ");
    console.log(`| ${network} | ${efficiency.join(" | ")} | ${parts} |`);
  }
}
