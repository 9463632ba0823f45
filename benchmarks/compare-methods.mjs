// Every pretraining method on the same images and network: kNN beside that of the encoder before training.
//   pnpm bench compare-methods --data FOLDER [--methods simclr,byol] [--epochs 10] [--limit 10000] [--output FOLDER]
//
// FOLDER holds train-*.tar and test.tar, such as CIFAR-10 as JPEG; `shapes` takes the built-in images. Each result is one
// line of results.jsonl in the output folder. What is there is not made again, and a method that was stopped (Ctrl+C)
// goes on from its last checkpoint. `--table` prints the table of what is there.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { batchView, cifar, evaluate } from "@simclr/augment";
import { useBackend } from "@simclr/backends";
import { Random } from "@simclr/core";
import { cacheDecoded, createLoader, openDataset, withoutLabels } from "@simclr/data";
import { extractFeatures, knn } from "@simclr/evaluate";
import { methods, methodTask } from "@simclr/methods";
import { parseModelName, projectionHead, resNet } from "@simclr/models";
import { adamW, momentumSgd, warmupCosine } from "@simclr/optim";
import { collapseHook, progressHook, train } from "@simclr/trainer";
import { checkpointHook, latestCheckpoint, stopOnSignals } from "@simclr/trainer/node";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "shapes" },
    methods: { type: "string", default: Object.keys(methods).join() },
    model: { type: "string", default: "r18_0.25x" },
    size: { type: "string", default: "32" },
    epochs: { type: "string", default: "10" },
    batch: { type: "string", default: "" },
    limit: { type: "string", default: "10000" },
    "test-limit": { type: "string", default: "10000" },
    seed: { type: "string", default: "0" },
    "learning-rate": { type: "string" },
    "weight-decay": { type: "string" },
    optimizer: { type: "string" },
    options: { type: "string", default: "{}" },
    output: { type: "string", default: "runs/compare-methods" },
    table: { type: "boolean", default: false },
  },
});
const [imageSize, epochs, limit, testLimit, seed] = ["size", "epochs", "limit", "test-limit", "seed"].map((key) =>
  Number(values[key]),
);

/** AdamW in many small steps; 0.001 at this batch size. */
const ADAPTIVE = { batchSize: 64, optimizer: "adamw", learningRate: 0.004, weightDecay: 1e-4 };

/**
 * What each method is run with, where it differs: SGD with momentum 0.9, weight decay 5e-4, learning rate 0.3, a head of 3
 * layers to 128. Momenta and queues are those of short runs on few images, not the papers'. Methods without negatives take
 * more steps of fewer images.
 */
const SETTINGS = {
  simclr: { options: { temperature: 0.5 } },
  "simclr-v2": { options: { temperature: 0.5, momentum: 0.98, queueSize: 4096 } },
  "moco-v2": { options: { temperature: 0.2, momentum: 0.98, queueSize: 4096, symmetric: true } },
  byol: { ...ADAPTIVE, options: { momentum: 0.99 }, head: { hiddenDimension: 512 } },
  simsiam: { ...ADAPTIVE, options: { predictorDimension: 256 }, head: { hiddenDimension: 512 } },
  swav: { ...ADAPTIVE, options: { prototypes: 32, smallViews: 0 } },
  "barlow-twins": { learningRate: 0.01, head: { hiddenDimension: 512, outputDimension: 512 } },
  vicreg: { learningRate: 0.01, head: { hiddenDimension: 512, outputDimension: 512 } },
  dcl: { options: { temperature: 0.5 } },
};

mkdirSync(values.output, { recursive: true });
const file = join(values.output, "results.jsonl");
const results = existsSync(file)
  ? readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];
const batchSizeOf = (name) => Number(values.batch || (SETTINGS[name]?.batchSize ?? 256));
const keyOf = (name) => ({
  ...{ model: values.model, imageSize, epochs, limit, seed },
  ...(name !== "random" && { batchSize: batchSizeOf(name) }),
});
const found = (name) =>
  results.find(
    (result) => result.method === name && Object.entries(keyOf(name)).every(([k, value]) => result[k] === value),
  );

if (values.table) {
  const random = found("random");
  console.log("| method | kNN | over random | seconds |\n| --- | ---: | ---: | ---: |");
  for (const name of ["random", ...Object.keys(methods)]) {
    const result = found(name);
    if (result === undefined) continue;
    const over = random && name !== "random" ? (100 * (result.knn - random.knn)).toFixed(1) : "";
    console.log(`| ${name} | ${(100 * result.knn).toFixed(1)} | ${over} | ${Math.round(result.seconds)} |`);
  }
  process.exit(0);
}

const backend = await useBackend();
const path = (pattern) => (values.data === "shapes" ? "shapes" : join(values.data, pattern));
const open = async (pattern, split, most) =>
  cacheDecoded(await openDataset(path(pattern), { split, limit: most }), { maxSide: 2 * imageSize });
const images = { train: await open("train-*.tar", "train", limit), test: await open("test.tar", "test", testLimit) };
const stop = stopOnSignals();
const recipe = cifar({ size: imageSize, sampler: "torchvision" });

function build({ head = {} } = {}, outputNorm = true) {
  const random = Random.fromSeed(seed).fork("weights");
  const encoder = resNet({ ...parseModelName(values.model), imageSize, random });
  return {
    encoder,
    head: projectionHead({ inputDimension: encoder.featureDimension, outputNorm, ...head, random }),
  };
}

async function featuresOf(dataset, encoder) {
  const random = Random.fromSeed(0);
  const recipe = evaluate({ size: imageSize });
  const crop = { ...(recipe[0].crop && { crop: recipe[0].crop, views: 1 }) };
  const loader = createLoader(dataset, { batchSize: 500, random, shuffle: false, dropLast: false, ...crop });
  async function* batches() {
    for await (const batch of loader.epoch(0)) yield batchView(batch, recipe, { random, epoch: 0, step: 0, view: 0 });
  }
  const forward = (x) => encoder.forward(x, { training: false }).pooled;
  const { features, dimension } = await extractFeatures({ forward, batches: batches() });
  await loader.close();
  return { features, dimension };
}

async function measure(encoder) {
  const [fit, test] = [await featuresOf(images.train, encoder), await featuresOf(images.test, encoder)];
  const { top1 } = await knn({
    trainFeatures: fit.features,
    trainLabels: images.train.labels,
    testFeatures: test.features,
    testLabels: images.test.labels,
    dimension: fit.dimension,
    classCount: images.train.classNames.length,
  });
  return top1;
}

function record(result) {
  const line = { ...result, ...keyOf(result.method), backend: `${backend.name} (${backend.details})` };
  results.push(line);
  appendFileSync(file, `${JSON.stringify(line)}\n`);
  console.log(`${result.method}: kNN ${(100 * result.knn).toFixed(1)} %`);
}

if (found("random") === undefined) {
  const { encoder } = build();
  record({ method: "random", knn: await measure(encoder), seconds: 0 });
  encoder.dispose();
}

for (const name of values.methods.split(",")) {
  if (found(name) !== undefined) continue;
  const method = methods[name];
  if (method === undefined)
    throw new Error(`--methods: there is no "${name}". There are: ${Object.keys(methods).join(", ")}.`);
  const setting = SETTINGS[name];
  const batchSize = batchSizeOf(name);
  const learningRate = Number(values["learning-rate"] ?? setting.learningRate ?? 0.3);
  const options = { ...setting.options, ...JSON.parse(values.options) };
  const weightDecay = Number(values["weight-decay"] ?? setting.weightDecay ?? 5e-4);
  const optimizerName = values.optimizer ?? setting.optimizer ?? "momentum";
  const { encoder, head } = build(setting, method.outputNorm);
  const random = Random.fromSeed(seed);
  const task = methodTask({ method, options, encoder, head, recipe, random: random.fork("weights") });
  const optimizer = optimizerName === "adamw" ? adamW({ weightDecay }) : momentumSgd({ momentum: 0.9, weightDecay });
  const sampleCount = images.train.size;
  const source = createLoader(withoutLabels(images.train), { batchSize, random: random.fork("loader") });
  const folder = join(values.output, [name, ...Object.values(keyOf(name))].join("-"));
  const { checkpoint } = await latestCheckpoint(folder);
  const deviations = [];
  const started = performance.now();
  const report = await train({
    task,
    optimizer,
    schedule: warmupCosine({
      learningRate,
      scaling: "linear",
      batchSize,
      sampleCount,
      epochs,
      warmupEpochs: epochs / 10,
    }),
    source,
    random,
    signal: stop.signal,
    resumeFrom: checkpoint?.state,
    hooks: [
      { name: "deviation", stepEnd: (_, { metrics }) => void deviations.push(metrics.projectionDeviation) },
      collapseHook({ warn: (text) => console.error(text) }),
      progressHook({ write: (text) => process.stderr.write(text), everySeconds: 30 }),
      checkpointHook({ folder, everySeconds: 60, keep: 1, metadata: () => ({ secondsSoFar: seconds() }) }),
    ],
  });
  function seconds() {
    return (checkpoint?.metadata.secondsSoFar ?? 0) + (performance.now() - started) / 1000;
  }
  if (report.interrupted) {
    console.error(`${name}: stopped at step ${report.step}; the same command goes on from there.`);
    process.exit(130);
  }
  record({
    method: name,
    knn: await measure(encoder),
    loss: report.lastLoss,
    projectionDeviation: deviations.at(-1),
    seconds: seconds(),
    learningRate,
    weightDecay,
    optimizer: optimizerName,
    options,
  });
  await source.close();
  for (const owner of [optimizer, task, encoder, head]) owner.dispose();
}
await images.train.close();
await images.test.close();
