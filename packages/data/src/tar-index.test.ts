import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSimclrError } from "@simclr/core";
import fc from "fast-check";
import { unpackTar } from "modern-tar";
import { expect, it } from "vitest";
import { packTar, picture, temporaryFolder, writeTree } from "../test/files.js";
import { openDataset } from "./open-dataset.js";
import { indexTar } from "./tar-index.js";

const root = temporaryFolder();
const image = await picture([9, 8, 7]);
const tree = writeTree(join(root, "tree"), {
  "dog/a.png": image,
  [`cat/${"long".repeat(40)}.png`]: image,
  "cat/empty.png": "",
  "owl/c.png": Buffer.concat([image, Buffer.alloc(70_000)]), // longer than what is read ahead
  "owl/d.png": image,
});
const whole = readFileSync(packTar(join(root, "whole.tar"), tree, ["dog", "cat", "owl"], "--format=posix"));

it("finds the members that another reader finds, byte for byte", async () => {
  const expected = (await unpackTar(new Uint8Array(whole))).filter(({ header }) => header.type === "file");
  const { members, problem } = await indexTar(join(root, "whole.tar"));
  expect(problem).toBeUndefined();
  expect(members.map(({ name }) => name)).toEqual(expected.map(({ header }) => header.name));
  for (const [i, { offset, size }] of members.entries())
    expect(Buffer.compare(whole.subarray(offset, offset + size), Buffer.from(expected[i]!.data ?? []))).toBe(0);
});

it("reads any damaged archive to the end: a data set, or an error that explains", async () => {
  const header = fc.integer({ min: 0, max: 1535 });
  const change = fc.record({ at: fc.oneof(header, fc.nat(whole.length - 1)), byte: fc.nat(255), seal: fc.boolean() });
  const path = join(root, "mutated.tar");
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 6 }), fc.option(fc.nat(whole.length)), async (changes, length) => {
      const bytes = Buffer.from(whole.subarray(0, length ?? whole.length));
      for (const { at, byte, seal } of changes) {
        if (at < bytes.length) bytes[at] = byte;
        if (seal) sealHeader(bytes.subarray(at - (at % 512)).subarray(0, 512));
      }
      writeFileSync(path, bytes);
      for (const onBroken of ["error", "skip"] as const) {
        try {
          const dataset = await openDataset(path, { onBroken });
          expect(dataset.size).toBeGreaterThan(0);
          await dataset.close();
        } catch (error) {
          expect(isSimclrError(error) && error.code, String(error)).toBe("data");
        }
      }
    }),
    { numRuns: 300 },
  );
}, 20_000);

/** Writes the checksum that fits, so that the damage is met by what reads the fields. */
function sealHeader(block: Buffer): void {
  if (block.length < 512) return;
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}
