// Run by every rank: some steps of each training. Rank 0 writes what came out: the loss, gradients and batch-norm statistics of
// the first step, and the weights after some steps and after the last.
//   steps.mjs OUTPUT '{"backend": "onednn", "tasks": ["simclr"], "steps": 20, "mistake": "local negatives"}'
import "@tensorflow/tfjs-backend-cpu";
import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { writeFileSync } from "node:fs";
import { Random, readWeights } from "@simclr/core";
import { connect } from "@simclr/distributed/node";
import { constant, lars } from "@simclr/optim";
import { train } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { MISTAKES } from "./mistakes.mjs";
import { source, TASKS } from "./tasks.mjs";

/**
 * Small, so that rounding grows slowly: at 0.02 this training is chaotic from the tenth step on, and one process whose weights
 * start a rounding away ends up to a hundredth away.
 */
const LEARNING_RATE = 0.005;
/** Steps after which the weights are noted besides: a short run is compared with the beginning of a long one. */
const NOTED = [2, 5];

const [output, settings] = process.argv.slice(2);
const { backend, tasks, steps, mistake, inPartsOf, nudged } = JSON.parse(settings);
tf.env().set("PROD", true); // no banner
if (backend === "webgpu") await (await import("@simclr/backend-webgpu")).registerWebgpuBackend();
await tf.setBackend(backend);
const communicator = connect();

const results = {};
for (const name of tasks) results[name] = await run(name);
if (communicator.rank === 0) writeFileSync(output, JSON.stringify({ size: communicator.size, results }));
await communicator.close();

async function run(name) {
  const wrong = mistake === undefined ? {} : MISTAKES[mistake](communicator);
  const task = TASKS[name]({ gather: wrong.gather, size: communicator.size });
  if (nudged) await nudge(task.weights);
  const result = { weights: {} };
  const optimizer = lars({ weightDecay: 1e-4 });
  const watched = {
    ...optimizer,
    apply(weights, gradients, learningRate) {
      result.gradients ??= flat(Object.entries(gradients).map(([key, tensor]) => [key, tensor.dataSync()]));
      optimizer.apply(weights, gradients, learningRate);
    },
  };
  await train({
    task: { ...task, step: wrongStep(task, wrong.gradients) },
    optimizer: watched,
    schedule: constant(LEARNING_RATE, steps),
    source: source(communicator, inPartsOf),
    random: Random.fromSeed(5),
    communicator: wrong.communicator ?? communicator,
    compareRanksEvery: mistake === undefined ? 5 : 0,
    hooks: [
      {
        name: "watch",
        async stepEnd(_, { step, loss }) {
          if (NOTED.includes(step + 1) || step + 1 === steps) result.weights[step + 1] = await values(task.state);
          if (step > 0) return;
          result.loss = [loss];
          result.statistics = await values(task.state.filter(({ role }) => role === "statistic"));
        },
      },
    ],
  });
  optimizer.dispose();
  return result;
}

/** Moves every weight to a float32 beside it, up and down in turns: one rounding. */
async function nudge(weights) {
  for (const { variable } of weights) {
    const bits = new Int32Array((await variable.data()).slice().buffer);
    for (let i = 0; i < bits.length; i++) if (bits[i] !== 0) bits[i] += i % 2 === 0 ? 1 : -1;
    const nudged = tf.tensor(new Float32Array(bits.buffer), variable.shape);
    variable.assign(nudged);
    nudged.dispose();
  }
}

function wrongStep(task, change) {
  return async (batch, context) => {
    const result = await task.step(batch, context);
    await change?.(task, result.gradients);
    return result;
  };
}

async function values(weights) {
  return flat(Object.entries(await readWeights(weights)).map(([name, { data }]) => [name, data]));
}

/** All numbers in the order of their names. */
function flat(arrays) {
  return arrays.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, data]) => [...data]);
}
