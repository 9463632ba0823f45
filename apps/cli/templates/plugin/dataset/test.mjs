import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDataset } from "@simclr/data/testing";
import { dataset } from "../dist/index.js";

test("keeps the promises of a data set", async () => {
  const tested = await checkDataset(dataset, { options: { count: 10 } });
  assert.ok(tested.includes("opened again"));
  await checkDataset(dataset, { options: { count: 10 }, context: { split: "test", channels: 1 } });
});

test("has the images and labels that it says", async () => {
  const opened = await dataset.with({ count: 4, side: 4 }).open({ split: "train", folder: ".", channels: 1 });
  assert.deepEqual([...opened.labels], [0, 1, 0, 1]);
  const { data } = await opened.read(0);
  assert.deepEqual([...data.subarray(0, 4)], [40, 40, 215, 215]); // squares of two pixels
  assert.deepEqual([...data.subarray(8, 12)], [215, 215, 40, 40]);
});

test("says what is wrong", () => {
  assert.throws(() => dataset.with({ count: 1 }), /`count` must be an integer >= 2; received 1/);
});
