import "@simclr/ops/register"; // gradients
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMethod } from "@simclr/methods/testing";
import { method } from "../dist/index.js";

test("keeps the promises of a method", async () => {
  const tested = await checkMethod(method, { options: { temperature: 0.1 } });
  assert.ok(tested.length > 0);
});

test("says what is wrong", () => {
  assert.throws(() => method.checkOptions({ temperature: 0 }), /`temperature`/);
});
