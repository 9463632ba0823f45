// One SimCLR training step: two views through a ResNet and its projection head, NT-Xent, LARS. Views are given; augmentation
// is measured apart. With --profile (on onednn) as many steps again, and a table of what each kernel took in one of them.
//   pnpm bench train-step --model r18 --image-size 32 --batch 64 [--precision float32|bfloat16] [--steps 10] [--backend onednn|webgpu|...] [--json]
//     [--profile [--by-shape]]
import { parseArgs } from "node:util";
import { onednnMemory, profileOnednn, profileTable } from "@simclr/backend-onednn";
import { useBackend } from "@simclr/backends";
import { Random } from "@simclr/core";
import { ntXentLoss } from "@simclr/losses";
import { trainable, weightGradients } from "@simclr/methods";
import { BatchStatistics, parseModelName, projectionHead, resNet } from "@simclr/models";
import { lars } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "r18" },
    "image-size": { type: "string", default: "32" },
    batch: { type: "string", default: "64" },
    precision: { type: "string", default: "float32" },
    steps: { type: "string", default: "10" },
    backend: { type: "string", default: "onednn" },
    threads: { type: "string" },
    json: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    "by-shape": { type: "boolean", default: false },
  },
});
const imageSize = Number(values["image-size"]);
const batch = Number(values.batch);
const steps = Number(values.steps);

const report = await useBackend(values.backend, {
  precision: values.precision,
  ...(values.threads && { threads: Number(values.threads) }),
});
const random = Random.fromSeed(0);
const encoder = resNet({ ...parseModelName(values.model), imageSize, random });
const head = projectionHead({ inputDimension: encoder.featureDimension, random });
const weights = trainable([...encoder.weights, ...head.weights]);
const optimizer = lars({ weightDecay: 1e-4 });
const draws = random.fork("images");
const images = tf.tensor4d(
  Float32Array.from({ length: 2 * batch * imageSize * imageSize * 3 }, () => draws.uniform()),
  [2 * batch, imageSize, imageSize, 3],
);

async function step() {
  const statistics = new BatchStatistics();
  const { loss, gradients } = weightGradients(() => {
    const { pooled } = encoder.forward(images, { training: true, statistics });
    const z = head.forward(pooled, { training: true, statistics }).at(-1);
    const [z1, z2] = tf.split(z, 2, 0);
    return ntXentLoss(z1, z2, { temperature: 0.5 });
  }, weights);
  optimizer.apply(weights, gradients, 0.1);
  statistics.apply();
  const [value] = await loss.data();
  tf.dispose([loss, gradients]);
  return value;
}

await step(); // compiles and warms up
await step();
const times = [];
let loss = Number.NaN;
for (let i = 0; i < steps; i++) {
  const start = performance.now();
  loss = await step();
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const medianStepMs = times[Math.floor(times.length / 2)];
const result = {
  imagesPerSecond: Number(((1000 * batch) / medianStepMs).toFixed(2)),
  precision: values.precision,
  medianStepMs: Number(medianStepMs.toFixed(2)),
  minStepMs: Number(times[0].toFixed(2)),
  maxStepMs: Number(times.at(-1).toFixed(2)),
  model: values.model,
  imageSize,
  batch,
  peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
  ...(report.name === "onednn" && { peakTensorMB: Math.round(onednnMemory().peakBytes / 2 ** 20) }),
  backend: report.name,
  details: report.details,
};
if (values.json) console.log(JSON.stringify(result));
else
  console.log(
    `${values.model}, ${imageSize} px, batch ${batch}: ${result.imagesPerSecond} images/s (median ${result.medianStepMs} ms a step; loss ${loss.toFixed(4)}; ${report.name}, ${report.details})`,
  );
if (values.profile) {
  if (report.name !== "onednn") throw new Error(`--profile is for the backend onednn; this is ${report.name}`);
  const repeat = async () => {
    for (let i = 0; i < steps; i++) await step();
  };
  const { profile } = await profileOnednn(repeat, { byShape: values["by-shape"] });
  console.error(`\none step:\n${profileTable(profile, { steps })}`);
}
