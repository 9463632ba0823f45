import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useBackend } from "@simclr/backends";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../config/load.js";
import { silent } from "../events.js";
import { forecastRun } from "../forecast/forecast.js";
import { InterruptedError } from "../stages/interrupted-error.js";
import { run } from "./run.js";

const optimizer = { learningRate: 0.1 };
const labelled = { batchSize: 20, steps: 2, optimizer };
const settings = {
  name: "tiny",
  backend: { name: "onednn" },
  data: { train: "shapes", test: "shapes", imageSize: 16, limit: 60 },
  model: { width: 0.0625 },
  pretrain: { batchSize: 30, steps: 2, optimizer },
  labels: [{ perClass: 2 }],
  finetune: labelled,
  supervised: labelled,
  distill: { ...labelled, rounds: 2, students: [{ name: "self" }] },
  evaluate: { linear: { epochs: 1 } },
  calibrate: labelled,
};

const STAGES = [
  "pretraining",
  "supervised from scratch",
  "fine-tuning",
  "distilling (self)",
  "distilling (self, round 2)",
  "supervised with all",
];

let folder = "";
const config = () =>
  parseConfig(JSON.stringify({ ...settings, output: join(folder, "run") }), join(folder, "tiny.yaml"));

beforeAll(() => useBackend("onednn"));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-run-"));
  return () => rm(folder, { recursive: true });
});

describe("the networks of a run", () => {
  it("are disposed at its end, and wherever it is stopped", async () => {
    const before = tf.memory().numTensors;
    for (const stage of STAGES) {
      const controller = new AbortController();
      let held = 0;
      const line = (text: string) => {
        if (!text.startsWith(stage)) return;
        held = tf.memory().numTensors - before;
        controller.abort();
      };
      const stopped = run(config(), { events: { ...silent, line }, signal: controller.signal });
      await expect(stopped).rejects.toThrow(InterruptedError);
      expect(held, stage).toBeGreaterThan(100); // the weights of the encoder at least
      expect(tf.memory().numTensors, stage).toBe(before);
    }
    await run(config());
    expect(tf.memory().numTensors).toBe(before);
  });

  it("are disposed at the end of a forecast, and where that is stopped", async () => {
    const before = tf.memory().numTensors;
    await forecastRun(config());
    expect(tf.memory().numTensors).toBe(before);
    const controller = new AbortController();
    const line = (text: string) => text === "trying pretraining" && controller.abort();
    const stopped = forecastRun(config(), { events: { ...silent, line }, signal: controller.signal });
    await expect(stopped).rejects.toThrow(InterruptedError);
    expect(tf.memory().numTensors).toBe(before);
  });
});
