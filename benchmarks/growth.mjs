// Many training steps of a very narrow ResNet: what grows? Tensors, the pool, the process, and page faults of a step, which
// must be as few at the end as after the warm-up. Exits with 1 where something grows.
//   pnpm bench growth [--steps 2000] [--model r18_0.25x] [--image-size 8] [--batch 4] [--backend onednn]
import { parseArgs } from "node:util";
import { onednnMemory } from "@simclr/backend-onednn";
import { useBackend } from "@simclr/backends";
import { Random } from "@simclr/core";
import { ntXentLoss } from "@simclr/losses";
import { trainable, weightGradients } from "@simclr/methods";
import { BatchStatistics, parseModelName, projectionHead, resNet } from "@simclr/models";
import { lars } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "2000" },
    model: { type: "string", default: "r18_0.25x" },
    "image-size": { type: "string", default: "8" },
    batch: { type: "string", default: "4" },
    backend: { type: "string", default: "onednn" },
  },
});
const [steps, imageSize, batch] = [values.steps, values["image-size"], values.batch].map(Number);
const REPORTS = 8;
/** Steps that fill caches and pool; what is compared comes behind them. */
const warmup = Math.ceil(steps / REPORTS);

await useBackend(values.backend);
const random = Random.fromSeed(0);
const encoder = resNet({ ...parseModelName(values.model), imageSize, random });
const head = projectionHead({ inputDimension: encoder.featureDimension, random });
const weights = trainable([...encoder.weights, ...head.weights]);
const optimizer = lars({ weightDecay: 1e-4 });
const draws = random.fork("images");

async function step() {
  const pixels = 2 * batch * imageSize * imageSize * 3;
  const images = tf.tensor4d(
    Float32Array.from({ length: pixels }, () => draws.uniform()),
    [2 * batch, imageSize, imageSize, 3],
  );
  const statistics = new BatchStatistics();
  const { loss, gradients } = weightGradients(() => {
    const { pooled } = encoder.forward(images, { training: true, statistics });
    const z = head.forward(pooled, { training: true, statistics }).at(-1);
    const [z1, z2] = tf.split(z, 2, 0);
    return ntXentLoss(z1, z2, { temperature: 0.5 });
  }, weights);
  optimizer.apply(weights, gradients, 0.1);
  statistics.apply();
  await loss.data();
  tf.dispose([images, loss, gradients]);
}

const MIB = 2 ** 20;
const report = [];
let faults = 0;
for (let i = 1; i <= steps; i++) {
  await step();
  if (i % Math.ceil(steps / REPORTS) !== 0 && i !== steps) continue;
  const { usedBytes, reservedBytes, buffers, primitives } = onednnMemory();
  const { minorPageFault } = process.resourceUsage();
  const since = i - (report.at(-1)?.steps ?? 0);
  report.push({
    steps: i,
    tensors: tf.memory().numTensors,
    buffers,
    primitives,
    "used MiB": +(usedBytes / MIB).toFixed(3),
    "reserved MiB": reservedBytes / MIB,
    "RSS MiB": Math.round(process.memoryUsage.rss() / MIB),
    "page faults per step": +((minorPageFault - faults) / since).toFixed(1),
  });
  faults = process.resourceUsage().minorPageFault;
}
console.table(report);

const first = report.find(({ steps: done }) => done >= warmup);
const last = report.at(-1);
const grown = ["tensors", "buffers", "primitives", "used MiB", "reserved MiB"].filter((key) => last[key] > first[key]);
if (grown.length > 0) {
  console.error(`growth: ${grown.join(", ")} grew between step ${first.steps} and step ${last.steps}.`);
  process.exitCode = 1;
}
