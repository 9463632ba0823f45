import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { checkDataset } from "@simclr/data/testing";
import { idx } from "../dist/index.js";

const folder = mkdtempSync(join(tmpdir(), "idx-"));
after(() => rmSync(folder, { recursive: true }));

/** The bytes of an IDX file. */
function encode(shape, values) {
  const sizes = shape.flatMap((size) => [0, 0, size >> 8, size & 255]);
  return Buffer.from([0, 0, 8, shape.length, ...sizes, ...values]);
}

const shape = [3, 2, 2];
const pixels = Array.from({ length: 12 }, (_, i) => 20 * i);
writeFileSync(join(folder, "images.gz"), gzipSync(encode(shape, pixels)));
writeFileSync(join(folder, "labels"), encode([3], [1, 0, 1]));
writeFileSync(join(folder, "short"), encode(shape, pixels.slice(1)));
writeFileSync(join(folder, "bands"), encode([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]));
const context = { split: "train", folder, channels: 1 };
const options = { images: "images.gz", labels: "labels" };

test("keeps the promises of a data set", () => checkDataset(idx, { options, context }));

test("reads what is in the files", async () => {
  const dataset = await idx.with(options).open(context);
  assert.deepEqual([dataset.size, [...dataset.labels], dataset.classNames], [3, [1, 0, 1], ["0", "1"]]);
  assert.deepEqual([...(await dataset.read(1)).data], [80, 100, 120, 140]);
  const colour = await idx.with({ images: "images.gz" }).open({ ...context, channels: 3 });
  assert.deepEqual([...(await colour.read(0)).data].slice(3, 6), [20, 20, 20]);
  assert.deepEqual([...colour.labels], [-1, -1, -1]);
  const bands = await idx.with({ images: "bands" }).open({ ...context, channels: 4 });
  assert.deepEqual([...(await bands.read(0)).data], [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("says what is wrong", async () => {
  const opened = (given, channels = 1) => idx.with(given).open({ ...context, channels });
  await assert.rejects(opened({}), /`images` must name a file/);
  await assert.rejects(opened({ images: "short" }), /short must have 28 bytes for \[3, 2, 2\]; it has 27/);
  await assert.rejects(opened({ images: "bands" }), /have 4 channels, where 1 are asked for/);
  await assert.rejects(opened({ images: "labels" }), /must hold \[N, H, W\] or \[N, H, W, C\]; it holds \[3\]/);
  await assert.rejects(opened({ images: "bands", labels: "labels" }, 4), /has 3 labels, but bands has 1 images/);
});
