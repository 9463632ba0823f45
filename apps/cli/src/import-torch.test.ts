// A ResNet of torchvision as `simclr import safetensors` takes it; the names and shapes are torchvision's own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

interface OracleCase {
  readonly name: string;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

const folder = mkdtempSync(join(tmpdir(), "simclr-torch-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of tensors as the format has them: a length, a JSON header, bytes; all values are 1. */
function writeSafetensors(file: string, shapes: OracleCase["shapes"]): void {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const start = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: shape.length === 0 ? "I32" : "F32", shape, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([length, json, Buffer.from(new Float32Array(end / 4).fill(1).buffer)]));
}

it("takes every weight of a ResNet-18 of torchvision, and says what it did not use", async () => {
  const fixture = new URL("../../../packages/exchange/fixtures/torch.json", import.meta.url);
  const { cases } = JSON.parse(readFileSync(fixture, "utf8")) as { cases: readonly OracleCase[] };
  const { shapes } = cases.find(({ name }) => name === "resnet18")!;
  writeSafetensors(join(folder, "resnet18.safetensors"), shapes);
  const counters = Object.keys(shapes).filter((name) => name.endsWith("num_batches_tracked"));
  const { status, stdout, stderr } = await spawnSimclr(
    ["import", "safetensors", "resnet18.safetensors", "-o", "model.safetensors", "--json"],
    { cwd: folder },
  );
  expect([status, stderr]).toEqual([0, ""]);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    ...{ convolutions: 20, batchNorms: 20, classCount: 7, output: "model.safetensors" },
    used: Object.keys(shapes).length - counters.length,
  });
  expect(report.unused.map(({ name }: { name: string }) => name).sort()).toEqual(counters.sort());
});
