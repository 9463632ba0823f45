// Memory of SimCLR training steps (two views, NT-Xent, LARS), predicted and measured, and what checkpointing costs.
//   pnpm bench step-memory --model r152_3x_sk1 --image-size 224 --batch 2 --checkpointing block [--steps 1] [--json]
//   pnpm bench step-memory --compare r50,r152 --batch 4      a table: plain, by block, by group; each in a process of its own
// Measured is the peak of the process's resident memory, and of the backend's pool. Time is processor time, which other
// work on the machine disturbs less than it does the clock.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "r50" },
    compare: { type: "string" },
    "image-size": { type: "string", default: "224" },
    batch: { type: "string", default: "2" },
    checkpointing: { type: "string", default: "none" },
    precision: { type: "string", default: "float32" },
    steps: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

if (values.compare) compare(values.compare.split(","));
else await measure();

async function measure() {
  const { onednnMemory } = await import("@simclr/backend-onednn");
  const { useBackend } = await import("@simclr/backends");
  const { Random } = await import("@simclr/core");
  const { ntXentLoss } = await import("@simclr/losses");
  const { trainable, weightGradients } = await import("@simclr/methods");
  const { BatchStatistics, headParameters, parseModelName, planMemory, projectionHead, resNet } = await import(
    "@simclr/models"
  );
  const { lars } = await import("@simclr/optim");
  const tf = await import("@tensorflow/tfjs-core");

  const [imageSize, batch, steps] = [Number(values["image-size"]), Number(values.batch), Number(values.steps)];
  const { checkpointing, precision } = values;
  const architecture = { ...parseModelName(values.model), imageSize };
  await useBackend("onednn", { precision });
  const random = Random.fromSeed(0);
  const encoder = resNet({ ...architecture, checkpointing, random });
  const inputDimension = encoder.featureDimension;
  const plan = planMemory({
    architecture,
    imageSize,
    rows: 2 * batch,
    checkpointing,
    headParameters: headParameters({ inputDimension, layers: 3, outputDimension: 128 }),
    precision,
  });
  const available = process.availableMemory();
  if (plan.total > available) throw new Error(`predicted ${gb(plan.total)}, available ${gb(available)}`);
  const head = projectionHead({ inputDimension, random });
  const weights = trainable([...encoder.weights, ...head.weights]);
  const optimizer = lars({ weightDecay: 1e-4 });
  const draws = random.fork("images");
  const count = 2 * batch * imageSize ** 2 * 3;
  const images = tf.tensor4d(
    Float32Array.from({ length: count }, () => draws.uniform()),
    [2 * batch, imageSize, imageSize, 3],
  );
  let loss = Number.NaN;
  const seconds = [];
  for (let step = 0; step < steps; step++) {
    const began = process.cpuUsage();
    const statistics = new BatchStatistics();
    const { loss: value, gradients } = weightGradients(() => {
      const pass = { training: true, statistics };
      const z = head.forward(encoder.forward(images, pass).pooled, pass).at(-1);
      const [z1, z2] = tf.split(z, 2, 0);
      return ntXentLoss(z1, z2, { temperature: 0.1 });
    }, weights);
    optimizer.apply(weights, gradients, 0.1);
    statistics.apply();
    [loss] = await value.data();
    tf.dispose([value, gradients]);
    const { user, system } = process.cpuUsage(began);
    seconds.push((user + system) / 1e6);
  }
  const measured = process.resourceUsage().maxRSS * 1024;
  const { peakBytes } = onednnMemory();
  const result = {
    model: values.model,
    imageSize,
    batch,
    checkpointing,
    precision,
    predicted: plan.total,
    measured,
    error: plan.total / measured - 1,
    poolPeak: peakBytes,
    cpuSecondsAStep: Math.min(...seconds),
    loss,
    plan,
  };
  if (values.json) console.log(JSON.stringify(result));
  else
    console.log(
      `${values.model}, ${imageSize} px, batch ${batch} of two views, checkpointing ${checkpointing}: predicted ${gb(plan.total)}, ` +
        `measured ${gb(measured)} (${percent(result.error)}; pool ${gb(peakBytes)}), ` +
        `${result.cpuSecondsAStep.toFixed(1)} s of processor time a step, loss ${loss.toFixed(4)}`,
    );
}

function compare(models) {
  console.log("| network | checkpointing | memory | saved | predicted | processor time |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const model of models) {
    let plain;
    for (const checkpointing of ["none", "block", "group"]) {
      const args = ["--json", "--model", model, "--checkpointing", checkpointing];
      for (const key of ["image-size", "batch", "precision", "steps"]) args.push(`--${key}`, values[key]);
      const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { encoding: "utf8" });
      if (child.status !== 0) throw new Error(`${model}, ${checkpointing}: ${child.stderr}`);
      const result = JSON.parse(child.stdout.trim().split("\n").at(-1));
      plain ??= result;
      const saved = percent(result.measured / plain.measured - 1);
      const time = (result.cpuSecondsAStep / plain.cpuSecondsAStep).toFixed(2);
      const first = checkpointing === "none";
      console.log(
        `| ${model} | ${checkpointing} | ${gb(result.measured)} | ${first ? "" : saved} | ${gb(result.predicted)} | ${time} |`,
      );
    }
  }
}

function gb(bytes) {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function percent(share) {
  return `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)} %`;
}
