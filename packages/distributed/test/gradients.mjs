// Run by every rank: the loss and gradients of a small SimCLR with synchronised batch norm and gathered negatives on each
// rank's share, averaged over the ranks, beside those of one process with all images. The argument plants a mistake.
import "@tensorflow/tfjs-backend-cpu";
import "@simclr/ops/register";
import { batchNorm, synchronisedBatchNorm } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { gatherRows, synchroniseStatistics } from "../dist/index.js";
import { connect } from "../dist/node.js";

tf.env().set("PROD", true); // no banner
const [mistake = "none"] = process.argv.slice(2);
await tf.setBackend("cpu");
const communicator = connect();
const { rank, size } = communicator;
const IMAGES = 12;
const noise = (shape, seed) => tf.randomNormal(shape, 0, 1, "float32", seed);
const variables = [noise([6, 8], 1), noise([8, 4], 2), tf.add(noise([8], 3), 2), noise([8], 4)].map((t) =>
  tf.variable(t),
);
const [w1, w2, gamma, beta] = variables;
const views = tf.add(tf.mul(noise([2, IMAGES, 6], 5), [[[1]], [[3]]]), 1); // [2, N, 6], far from centred

/** Mean NT-Xent of the anchors in `own`, against the rows of `all`, in which they begin at `offset`. */
function ntXent(own, all, offset) {
  const n = own[0].shape[0];
  const total = all[0].shape[0];
  const mask = tf.mul(tf.oneHot(tf.range(offset, offset + n, 1, "int32"), total), 1e9);
  const logits = (a, b) => tf.div(tf.matMul(a, b, false, true), 0.5);
  const losses = [0, 1].map((view) => {
    const [anchors, partners] = [own[view], own[1 - view]];
    const positive = tf.div(tf.sum(tf.mul(anchors, partners), 1), 0.5);
    const negatives = tf.concat([logits(anchors, all[1 - view]), tf.sub(logits(anchors, all[view]), mask)], 1);
    return tf.mean(tf.sub(tf.logSumExp(negatives, 1), positive));
  });
  return tf.mul(tf.add(losses[0], losses[1]), 0.5);
}

function loss(images, normalise, gather, offset) {
  const x = tf.reshape(images, [-1, 6]);
  const z = tf.matMul(normalise(tf.matMul(x, w1)), w2);
  const unit = tf.div(z, tf.sqrt(tf.add(tf.sum(tf.square(z), 1, true), 1e-12)));
  const own = tf.split(unit, 2, 0);
  return ntXent(own, own.map(gather), offset);
}

const n = IMAGES / size;
const share = tf.slice(views, [0, rank * n, 0], [2, n, 6]);
const gathers = {
  "local negatives": (rows) => rows,
  "slice for reduceScatter": (rows) =>
    tf.customGrad((x) => ({
      value: tf.tensor2d(communicator.blocking.allGather(x.dataSync()), [IMAGES, 4]),
      gradFunc: (dy) => tf.slice(dy, [rank * n, 0], [n, 4]),
    }))(rows),
};
const gather = gathers[mistake] ?? ((rows) => gatherRows(rows, communicator));
const alone = (x) => batchNorm(x, gamma, beta, { activation: "relu" }).y;
const statistics = synchroniseStatistics(communicator);
const normalises = {
  "local batch norm": alone,
  // what flows into gamma and beta is summed over the ranks here, and once more with all gradients
  "dgamma reduced twice": (x) => {
    const twice = (p) => tf.customGrad((p) => ({ value: tf.clone(p), gradFunc: (dy) => statistics.sum(dy) }))(p);
    return synchronisedBatchNorm(x, twice(gamma), twice(beta), statistics, { activation: "relu" }).y;
  },
};
const normalise =
  normalises[mistake] ?? ((x) => synchronisedBatchNorm(x, gamma, beta, statistics, { activation: "relu" }).y);
const before = tf.memory().numTensors;
const offset = mistake === "local negatives" ? 0 : rank * n;
const { value, grads } = tf.variableGrads(() => loss(share, normalise, gather, offset), variables);
const flat = Float32Array.from([value, ...variables.map(({ name }) => grads[name])].flatMap((t) => [...t.dataSync()]));
tf.dispose([value, grads]);
const leaked = tf.memory().numTensors - before;
await communicator.allReduce(flat, mistake === "sum for mean" ? "sum" : "mean");
if (rank === 0) {
  const whole = tf.variableGrads(() => loss(views, alone, (rows) => rows, 0), variables);
  const all = [whole.value, ...variables.map(({ name }) => whole.grads[name])];
  const expected = all.flatMap((t) => [...t.dataSync()]);
  const largest = Math.max(...expected.map(Math.abs));
  const worst = Math.max(...expected.map((each, i) => Math.abs(each - flat[i])));
  console.log(JSON.stringify({ size, error: worst / largest, loss: flat[0], expectedLoss: expected[0], leaked }));
}
await communicator.close();
