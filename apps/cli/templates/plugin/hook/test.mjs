import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkHook } from "@simclr/trainer/testing";
import { hook } from "../dist/index.js";

const folder = mkdtempSync(join(tmpdir(), "my-part-"));
after(() => rmSync(folder, { recursive: true }));

test("keeps the promises of a hook, also where a training is stopped and resumed", async () => {
  const tested = await checkHook(hook, { folder, losses: [3, 3, 4, 4] });
  assert.ok(tested.includes("resume"));
});

test("lowers the rate after an epoch that was no better", () => {
  const said = [];
  const made = hook.with({ factor: 0.1 }).create({ folder, say: (text) => said.push(text) });
  const run = { communicator: { rank: 0 } };
  const rate = () => {
    const start = { learningRate: 1 };
    made.stepStart(run, start);
    return start.learningRate;
  };
  made.epochEnd(run, { epoch: 0, meanLoss: 2 });
  assert.equal(rate(), 1);
  made.epochEnd(run, { epoch: 1, meanLoss: 2 });
  assert.equal(rate(), 0.1);
  assert.deepEqual(said, ["my-part: learning rate × 0.1 after epoch 1"]);
});

test("says what is wrong", () => {
  assert.throws(() => hook.with({ factor: 2 }).create({ folder, say: () => {} }), /`factor` must be in \(0, 1\]/);
});
