// NT-Xent forwards and backwards on a large batch: time and memory by the number of similarity rows that exist at once.
//   pnpm bench nt-xent [--views 8192] [--dimension 128] [--block 512] [--composed] [--backend onednn] [--threads 1] [--runs 3]
// --composed measures the plain composition of tfjs operations, differentiated by the engine, instead.
import { parseArgs } from "node:util";
import { useBackend } from "@simclr/backends";
import { ntXentLoss } from "@simclr/losses";
import * as tf from "@tensorflow/tfjs-core";

const { values } = parseArgs({
  options: {
    views: { type: "string", default: "8192" },
    dimension: { type: "string", default: "128" },
    block: { type: "string" },
    composed: { type: "boolean", default: false },
    backend: { type: "string", default: "onednn" },
    threads: { type: "string" },
    runs: { type: "string", default: "3" },
  },
});
const images = Number(values.views) / 2;
const temperature = 0.1;
await useBackend(values.backend, values.threads ? { threads: Number(values.threads) } : {});

/** The definition, as one would write it down. */
function composed(z1, z2) {
  const z = tf.concat([z1, z2], 0);
  const unit = tf.div(z, tf.sqrt(tf.sum(tf.square(z), 1, true)));
  const logits = tf.sub(tf.div(tf.matMul(unit, unit, false, true), temperature), tf.mul(tf.eye(2 * images), 1e9));
  const [a, b] = tf.split(unit, 2, 0);
  const positive = tf.tile(tf.div(tf.sum(tf.mul(a, b), 1), temperature), [2]);
  return tf.mean(tf.sub(tf.logSumExp(logits, 1), positive));
}

const options = values.block ? { temperature, blockSize: Number(values.block) } : { temperature };
const loss = values.composed ? composed : (z1, z2) => ntXentLoss(z1, z2, options);
const z1 = tf.randomNormal([images, Number(values.dimension)], 0, 1, "float32", 1);
const z2 = tf.add(z1, tf.randomNormal(z1.shape, 0, 1, "float32", 2));
const times = [];
let result;
for (let run = 0; run < Number(values.runs); run++) {
  tf.dispose(result);
  const start = performance.now();
  result = tf.valueAndGrads(loss)([z1, z2]);
  await Promise.all([result.value.data(), result.grads[0].data()]);
  times.push(performance.now() - start);
}
const norm = await tf.norm(result.grads[0]).data();
console.log(
  JSON.stringify({
    backend: tf.getBackend(),
    views: 2 * images,
    how: values.composed ? "composed" : `block ${values.block ?? "automatic"}`,
    medianMs: Math.round(times.sort((a, b) => a - b)[times.length >> 1]),
    peakResidentMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    loss: (await result.value.data())[0],
    gradientNorm: norm[0],
  }),
);
