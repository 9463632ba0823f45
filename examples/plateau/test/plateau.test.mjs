import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "@simclr/core";
import { constant, momentumSgd } from "@simclr/optim";
import { train } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { plateau } from "../dist/index.js";

/** Makes `steps` steps whose losses are given, and gives their learning rates; the last checkpoint's state besides. */
async function run(losses, hook, { resumeFrom, stopAfter = losses.length } = {}) {
  const variable = tf.variable(tf.scalar(0));
  const weights = [{ name: "w", role: "kernel", variable }];
  const step = async (loss) => ({ loss: tf.scalar(loss), gradients: { w: tf.scalar(0) }, metrics: {} });
  const task = { name: "given losses", weights, state: weights, step };
  const rates = [];
  let state;
  const watch = {
    name: "watch",
    stepEnd: (run, { learningRate }) => {
      rates.push(learningRate);
      if (run.step === stopAfter) run.requestStop("test");
    },
    checkpoint: async (run) => {
      state = await run.captureState();
    },
  };
  const source = {
    stepsPerEpoch: losses.length,
    async *epoch(_, start) {
      yield* losses.slice(start);
    },
  };
  const schedule = constant(0.5, losses.length);
  const random = Random.fromSeed(0);
  const optimizer = momentumSgd();
  await train({ task, optimizer, schedule, source, random, hooks: [hook, watch], resumeFrom });
  optimizer.dispose();
  variable.dispose();
  return { rates, state };
}

const LOSSES = [5, 4, 4, 4, 3, 3, 3];
const OPTIONS = { patience: 2, smoothing: 1 };

test("halves the rate after two steps without a gain, logs it, and resumes with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plateau-"));
  try {
    const said = [];
    const make = () => plateau.with(OPTIONS).create({ folder, say: (text) => said.push(text) });
    const { rates } = await run(LOSSES, make());
    assert.deepEqual(rates, [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    const log = () => readFileSync(join(folder, "plateau.jsonl"), "utf8");
    const expected = '{"step":4,"factor":0.5,"loss":4}\n{"step":7,"factor":0.25,"loss":3}\n';
    assert.equal(log(), expected);
    assert.deepEqual(said[0], "plateau: learning rate × 0.5 from step 4 on");
    const first = await run(LOSSES, make(), { stopAfter: 5 });
    const second = await run(LOSSES, make(), { resumeFrom: first.state });
    assert.deepEqual([...first.rates, ...second.rates], rates);
    assert.equal(log(), expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("says what is wrong", () => {
  const context = { folder: ".", say: () => {} };
  assert.throws(() => plateau.with({ factor: 2 }).create(context), /`factor` must be in \(0, 1\); received 2/);
  assert.throws(() => plateau.with({ patience: "long" }), /`patience` must be a finite number/);
});
