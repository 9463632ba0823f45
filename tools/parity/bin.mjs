#!/usr/bin/env node
// npm run parity [-- --update]: how far webgpu is from cpu over all that the pipeline computes. Markdown on the standard output;
// --update writes it to docs/webgpu-parity.md. Ends with 1 where anything is further than it may. It takes some minutes.
import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-cpu";
import { writeFileSync } from "node:fs";
import { registerWebgpuBackend } from "@simclr/backend-webgpu";
import { chooseVulkanDriver } from "@simclr/test-utils/vulkan";
import * as tf from "@tensorflow/tfjs-core";
import { compareCalls, LIMIT } from "./src/compare.mjs";
import { page } from "./src/page.mjs";
import { pipelineRun, RUNS } from "./src/pipeline-runs.mjs";
import { Recorder } from "./src/record.mjs";
import { losses, TASK_NAMES } from "./src/train-steps.mjs";

const STEPS = 10;
const PAGE = new URL("../../docs/webgpu-parity.md", import.meta.url);

const missing = chooseVulkanDriver();
if (missing !== undefined) {
  console.error(`parity: ${missing}`);
  process.exit(2);
}
tf.env().set("PROD", true); // no banner
const { adapter } = await registerWebgpuBackend();

const differences = {};
for (const task of TASK_NAMES) {
  const [expected, actual] = [await lossesOn("cpu", task), await lossesOn("webgpu", task)];
  differences[task] = Math.max(...expected.map((loss, step) => Math.abs(actual[step] - loss)));
  if (!(differences[task] < 1e-4)) fail(`${task}: the loss differs by ${differences[task]}`);
}

const calls = [];
for (const one of Object.values(RUNS)) {
  const recorder = new Recorder("webgpu");
  await pipelineRun(one, (stage) => {
    recorder.stage = stage;
  });
  const recorded = await recorder.finish();
  const [off, on] = [await compareCalls(recorded, false), await compareCalls(recorded, true)];
  for (const [i, call] of recorded.entries()) {
    const errors = { off: off[i].error, on: on[i].error };
    calls.push({ call, errors });
    if (!(errors.off <= LIMIT && errors.on <= LIMIT))
      fail(`${describe(call)}: ${errors.off}, ${errors.on} with CPU forwarding`);
  }
}
const text = page({ adapter, steps: STEPS, losses: differences, calls });
process.stdout.write(text);
if (process.argv.includes("--update")) writeFileSync(PAGE, text);

async function lossesOn(backend, task) {
  await tf.setBackend(backend);
  await tf.ready();
  return losses(task, STEPS);
}

function describe({ kind, name, inputs, attrs }) {
  return `${kind} ${name} of ${inputs.map(({ dtype, shape }) => `${dtype} [${shape}]`).join(", ")} ${JSON.stringify(attrs)}`;
}

function fail(message) {
  console.error(`FAILED: ${message}`);
  process.exitCode = 1;
}
