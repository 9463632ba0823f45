// Run by every rank of the tests: all collectives against their definitions, small (blocking) and large (on a thread).
import { connect } from "../dist/node.js";

const communicator = connect();
const { rank, size } = communicator;
let wrong = 0;
const same = (what, actual, expected) => {
  const at = expected.findIndex((value, i) => actual[i] !== value);
  if (actual.length === expected.length && at === -1) return;
  wrong++;
  console.error(`rank ${rank}: ${what}: ${actual[at]} at ${at}, expected ${expected[at]}`);
};
const range = (count, f) => Float32Array.from({ length: count }, (_, i) => f(i));
const total = (f) => Array.from({ length: size }, (_, r) => f(r)).reduce((sum, value) => sum + value, 0);

for (const count of [1, 1000, 270_000]) {
  // integers below 2^24, so that sums are exact in any order
  const own = (r) => (i) => ((i * 7 + r * 13) % 101) - 50;
  const sum = range(count, own(rank));
  await communicator.allReduce(sum, "sum");
  same(
    `sum of ${count}`,
    sum,
    range(count, (i) => total((r) => own(r)(i))),
  );
  const mean = range(count, (i) => own(rank)(i) * size);
  await communicator.allReduce(mean, "mean");
  same(
    `mean of ${count}`,
    mean,
    range(count, (i) => Math.fround(total((r) => own(r)(i) * size) / size)),
  );
  const max = range(count, own(rank));
  await communicator.allReduce(max, "max");
  same(
    `max of ${count}`,
    max,
    range(count, (i) => Math.max(...Array.from({ length: size }, (_, r) => own(r)(i)))),
  );
  const all = await communicator.allGather(range(count, own(rank)));
  same(
    `gathered ${count}`,
    all,
    range(count * size, (i) => own(Math.floor(i / count))(i % count)),
  );
  const part = await communicator.reduceScatter(range(count * size, own(rank)), "sum");
  same(
    `scattered ${count}`,
    part,
    range(count, (i) => total((r) => own(r)(rank * count + i))),
  );
  for (let root = 0; root < size; root++) {
    const values = range(count, own(rank));
    await communicator.broadcast(values, root);
    same(`broadcast of ${count} from ${root}`, values, range(count, own(root)));
  }
}
// Many at once, small and large mixed: posted in one order, each with its own result.
const jobs = Array.from({ length: 60 }, async (_, job) => {
  const values = new Float32Array(job % 6 === 0 ? 270_000 : 10).fill(job + rank);
  await communicator.allReduce(values, "sum");
  same(`job ${job}`, values, new Float32Array(values.length).fill(total((r) => job + r)));
});
await Promise.all(jobs);
// A barrier opens when the last rank arrives, and those who wait leave the processor to the others.
const arrived = performance.now();
if (rank === size - 1) await new Promise((resolve) => setTimeout(resolve, 600));
const busy = process.cpuUsage();
await communicator.barrier();
const { user, system } = process.cpuUsage(busy);
if (rank < size - 1 && (performance.now() - arrived < 300 || (user + system) / 1000 > 300)) {
  wrong++;
  console.error(
    `rank ${rank}: waited ${performance.now() - arrived} ms with ${user + system} us of work, expected 600 ms idle`,
  );
}
const failures = Float32Array.of(wrong);
await communicator.allReduce(failures, "sum");
if (rank === 0)
  console.log(JSON.stringify({ size, wrong: failures[0], version: communicator.version ?? "one process" }));
await communicator.close();
