// Whether bfloat16 trains as float32 does: the pretraining of configs/cifar10-small.yaml for some steps, in both precisions
// from the same seeds, then kNN on the test images. One JSON line a run, which a later call with the same file takes up.
//   pnpm bench compare-precision --data PATH/TO/cifar10-jpeg [--steps 200] [--seeds 0,1,2] [--results FILE.jsonl]
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { batchView, evaluate, recipes } from "@simclr/augment";
import { setPrecision } from "@simclr/backend-onednn";
import { useBackend } from "@simclr/backends";
import { Random } from "@simclr/core";
import { cacheDecoded, createLoader, openDataset, withoutLabels } from "@simclr/data";
import { extractFeatures, knn } from "@simclr/evaluate";
import { simClr } from "@simclr/methods";
import { parseModelName, projectionHead, resNet } from "@simclr/models";
import { momentumSgd, warmupCosine } from "@simclr/optim";
import { train } from "@simclr/trainer";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    steps: { type: "string", default: "200" },
    seeds: { type: "string", default: "0,1,2" },
    model: { type: "string", default: "r18_0.25x" },
    images: { type: "string", default: "10000" },
    results: { type: "string", default: "compare-precision.jsonl" },
  },
});
if (!values.data) throw new Error("--data: which folder holds train-*.tar and test.tar?");
const steps = Number(values.steps);
const seeds = values.seeds.split(",").map(Number);
const BATCH = 256;
const SIZE = 32;

const report = await useBackend("onednn");
console.log(`${report.details}; ${steps} steps of ${BATCH} of ${values.images} images, ${values.model}`);
const open = async (pattern, options) => cacheDecoded(await openDataset(`${values.data}/${pattern}`, options));
const images = await open("train-*.tar", { split: "train", limit: Number(values.images) });
const test = await open("test.tar", { split: "test" });

async function run(precision, seed) {
  setPrecision(precision);
  const random = Random.fromSeed(seed);
  const encoder = resNet({ ...parseModelName(values.model), imageSize: SIZE, random: random.fork("encoder") });
  const head = projectionHead({ inputDimension: encoder.featureDimension, random: random.fork("head") });
  const recipe = recipes.cifar({ size: SIZE, sampler: "torchvision" });
  const optimizer = momentumSgd({ momentum: 0.9, weightDecay: 5e-4 });
  const loader = createLoader(withoutLabels(images), { batchSize: BATCH, random: random.fork("loader") });
  const epochs = (steps * BATCH) / images.size;
  const schedule = warmupCosine({
    ...{ learningRate: 0.3, scaling: "linear", batchSize: BATCH },
    ...{ sampleCount: images.size, epochs, warmupEpochs: Math.min(1, epochs / 10) },
  });
  const losses = [];
  const hook = { name: "losses", stepEnd: (_, { loss }) => void losses.push(loss) };
  const task = simClr({ encoder, head, recipe, temperature: 0.5 });
  await train({ task, optimizer, schedule, totalSteps: steps, source: loader, random, hooks: [hook] });
  const features = async (dataset) => {
    const testRecipe = evaluate({ size: SIZE });
    const ordered = createLoader(dataset, { batchSize: BATCH, random, shuffle: false, dropLast: false });
    async function* batches() {
      for await (const batch of ordered.epoch(0)) {
        yield batchView(batch, testRecipe, { random, epoch: 0, step: 0, view: 0 });
      }
    }
    const forward = (views) => encoder.forward(views, { training: false }).pooled;
    const { features: rows, dimension } = await extractFeatures({ forward, batches: batches() });
    return { values: rows, dimension, labels: dataset.labels };
  };
  const [bank, queries] = [await features(images), await features(test)];
  const sides = {
    ...{ trainFeatures: bank.values, trainLabels: bank.labels, dimension: bank.dimension },
    ...{ testFeatures: queries.values, testLabels: queries.labels },
  };
  const { top1 } = await knn({ ...sides, classCount: images.classNames.length, k: 200, temperature: 0.07 });
  await loader.close();
  for (const each of [encoder, head, optimizer]) each.dispose();
  return { precision, seed, steps, model: values.model, top1, losses };
}

const key = ({ precision, seed, steps: count, model }) => JSON.stringify([precision, seed, count, model]);
const done = existsSync(values.results)
  ? readFileSync(values.results, "utf8")
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];
for (const seed of seeds) {
  for (const precision of ["float32", "bfloat16"]) {
    if (done.some((each) => key(each) === key({ precision, seed, steps, model: values.model }))) continue;
    const began = performance.now();
    const result = await run(precision, seed);
    done.push(result);
    appendFileSync(values.results, `${JSON.stringify(result)}\n`);
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    console.log(
      `seed ${seed}, ${precision}: kNN ${(100 * result.top1).toFixed(2)} %, last loss ${result.losses.at(-1).toFixed(4)} (${minutes} min)`,
    );
  }
}

const of = (precision) =>
  seeds.map((seed) => done.find((each) => key(each) === key({ precision, seed, steps, model: values.model })));
const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
const [full, half] = [of("float32"), of("bfloat16")];
const differences = full.map(({ losses }, i) => losses.map((loss, step) => Math.abs(half[i].losses[step] / loss - 1)));
console.log(
  `\nlosses: at most ${(100 * Math.max(...differences.flat())).toFixed(2)} % apart, ${(100 * mean(differences.flat())).toFixed(3)} % on average`,
);
const [a, b] = [full, half].map((each) => 100 * mean(each.map(({ top1 }) => top1)));
console.log(
  `kNN, mean of ${seeds.length} seeds: float32 ${a.toFixed(2)} %, bfloat16 ${b.toFixed(2)} %, difference ${(b - a).toFixed(2)} points`,
);
await Promise.all([images.close(), test.close()]);
