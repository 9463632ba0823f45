import { CheckpointError, type NamedArrays, Random } from "@simclr/core";
import { expect, it } from "vitest";
import { decodeForeignSafetensors, decodeSafetensors, encodeSafetensors } from "./safetensors.js";

const join = (pieces: readonly Uint8Array[]): Uint8Array => Uint8Array.from(pieces.flatMap((piece) => [...piece]));

/** A file from a header and data, written by hand. */
function fileOf(header: string, data: readonly number[] = []): Uint8Array {
  const json = new TextEncoder().encode(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, json.length, true);
  return join([length, json, new Uint8Array(Float32Array.from(data).buffer)]);
}

const entry = (shape: readonly number[], begin: number, end: number, dtype = "F32"): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

const ARRAYS: NamedArrays = {
  "b/kernel": { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, Number.POSITIVE_INFINITY) },
  "a/bias": { shape: [], data: Float32Array.of(Number.NaN) },
  "größe/空": { shape: [0, 3], data: new Float32Array(0) },
  __proto__x: { shape: [1], data: Float32Array.of(-0) },
};

it("writes the bytes that the format asks for", () => {
  const bytes = join(
    encodeSafetensors({ arrays: { w: { shape: [1, 2], data: Float32Array.of(1, 2) } }, metadata: { step: "3" } }),
  );
  const json = '{"__metadata__":{"step":"3"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
  const padded = json.padEnd(88, " "); // 84 characters, to the next multiple of 8
  expect(new TextDecoder().decode(bytes.subarray(8, 96))).toBe(padded);
  expect([...bytes.subarray(0, 8)]).toEqual([88, 0, 0, 0, 0, 0, 0, 0]);
  expect([...bytes.subarray(96)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]); // 1 and 2, little endian
});

it("reads what it wrote, wherever the bytes begin", () => {
  const bytes = join(encodeSafetensors({ arrays: ARRAYS, metadata: { note: "β" } }));
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const read = decodeSafetensors(shifted.subarray(3), "w.safetensors");
  expect(read).toEqual({ arrays: ARRAYS, metadata: { note: "β" } });
});

it("reads files of other writers: unsorted, unpadded, without metadata", () => {
  const header = `{"z":${entry([1], 4, 8)},"a":${entry([1], 0, 4)}}`;
  const { arrays, metadata } = decodeSafetensors(fileOf(header, [5, 6]), "w.safetensors");
  expect(arrays).toEqual({ a: { shape: [1], data: Float32Array.of(5) }, z: { shape: [1], data: Float32Array.of(6) } });
  expect(metadata).toEqual({});
});

it("reads other programs' floats as float32, and names what holds none", () => {
  const types = [
    ...[entry([1], 0, 8, "F64"), entry([2], 8, 16), entry([4], 16, 24, "F16"), entry([2], 24, 28, "BF16")],
    entry([], 28, 36, "I64"),
  ];
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, 0.1, true);
  for (const [i, value] of [1.5, -2].entries()) view.setFloat32(8 + 4 * i, value, true);
  // 1, the smallest subnormal, -65504 and -infinity; then 3.140625 and -0.0 of bfloat16
  for (const [i, bits] of [0x3c00, 1, 0xfbff, 0xfc00, 0x4049, 0x8000].entries()) view.setUint16(16 + 2 * i, bits, true);
  const data = [...new Float32Array(bytes.buffer)];
  const header = `{${types.map((type, i) => `"t${i}":${type}`).join(",")}}`;
  const { arrays, others } = decodeForeignSafetensors(fileOf(header, data), "w");
  expect(Object.values(arrays).map((array) => [...array.data])).toEqual([
    ...[[Math.fround(0.1)], [1.5, -2], [1, 2 ** -24, -65504, -Infinity], [3.140625, -0]],
  ]);
  expect(others).toEqual({ t4: "I64" });
});

it("refuses to write an array whose length is not that of its shape", () => {
  const arrays = { w: { shape: [3], data: Float32Array.of(1, 2) } };
  expect(() => encodeSafetensors({ arrays, metadata: {} })).toThrow('"w" of shape [3] holds 2 values');
});

it.each<[string, Uint8Array, string]>([
  ["an empty file", new Uint8Array(0), "it has 0 bytes, less than the 8 of a header length"],
  [
    "a huge header",
    new Uint8Array(16).fill(0xff),
    "the header claims 18446744073709552000 bytes, where at most 8 are possible",
  ],
  ["a header that is not JSON", fileOf("{"), "the header is not JSON"],
  ["a header that is not UTF-8", fileOf("{}").map((byte, i) => (i === 8 ? 0xff : byte)), "the header is not JSON"],
  ["a header that is a list", fileOf("[]"), "the header is not a JSON object"],
  ["metadata that is not text", fileOf('{"__metadata__":{"a":1}}'), "__metadata__ must hold strings only"],
  ["an entry that is no object", fileOf('{"w":1}'), 'the entry of "w" is not an object'],
  ["another dtype", fileOf(`{"w":${entry([2], 0, 4, "BF16")}}`, [0]), '"w" has dtype "BF16", where "F32" is expected'],
  ["an unknown dtype", fileOf(`{"w":${entry([1], 0, 4, "F31")}}`, [0]), '"w" has dtype "F31", which is not one of F64'],
  [
    "a negative size",
    fileOf(`{"w":${entry([-1], 0, 4)}}`, [0]),
    '"w" has shape [-1], where a list of sizes is expected',
  ],
  [
    "a shape beyond all memory",
    fileOf(`{"w":${entry([2 ** 40, 2 ** 40], 0, 4)}}`, [0]),
    "where a list of sizes is expected",
  ],
  [
    "one offset",
    fileOf('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', [0]),
    "where two byte offsets are expected",
  ],
  [
    "a size unlike the shape's",
    fileOf(`{"w":${entry([2], 0, 4)}}`, [0]),
    '"w" of shape [2] must take 8 bytes, its data_offsets give 4',
  ],
  [
    "overlap",
    fileOf(`{"a":${entry([2], 0, 8)},"b":${entry([1], 4, 8)}}`, [0, 0]),
    '"b" begins at byte 4 and overlaps the tensor before it, which ends at 8',
  ],
  [
    "a gap",
    fileOf(`{"a":${entry([1], 0, 4)},"b":${entry([1], 8, 12)}}`, [0, 0, 0]),
    'the bytes 4 to 8, before "b", belong to no tensor',
  ],
  [
    "data cut short",
    fileOf(`{"a":${entry([2], 0, 8)}}`, [0]),
    "its tensors need 8 bytes of data, it has 4: it was cut short",
  ],
  ["data left over", fileOf(`{"a":${entry([1], 0, 4)}}`, [0, 0]), "4 bytes after the last tensor belong to none"],
])("refuses %s", (_, bytes, problem) => {
  const decode = (): unknown => decodeSafetensors(bytes, "run/weights.safetensors");
  expect(decode).toThrow(CheckpointError);
  expect(decode).toThrow("run/weights.safetensors is not a valid safetensors file: ");
  expect(decode).toThrow(problem);
});

it("never fails otherwise than with a CheckpointError, whatever happened to the file", () => {
  const original = join(encodeSafetensors({ arrays: ARRAYS, metadata: { note: "x" } }));
  const headerEnd = original.length - 24;
  const random = Random.fromSeed(1).fork("mutations");
  const fragments = ['"', "{", "}", "[", "-1", "1e99", "null", '"F32"', "4294967296", ",", "\\u0000", "ÿ"];
  let refused = 0;
  for (let i = 0; i < 4000; i++) {
    let bytes: Uint8Array = original.slice();
    for (let edits = random.integer(1, 4); edits > 0 && bytes.length > 0; edits--) {
      const at = random.integer(0, random.bernoulli(0.8) ? Math.min(headerEnd, bytes.length) : bytes.length);
      const kind = random.integer(0, 4);
      if (kind === 0) bytes[at] = bytes[at]! ^ (1 << random.integer(0, 8));
      else if (kind === 1) bytes = bytes.slice(0, at);
      else if (kind === 2) bytes = join([bytes.subarray(0, at), bytes.subarray(at + random.integer(1, 9))]);
      else {
        const text = new TextEncoder().encode(fragments[random.integer(0, fragments.length)]!);
        bytes = join([bytes.subarray(0, at), text, bytes.subarray(at)]);
      }
    }
    try {
      const { arrays } = decodeSafetensors(bytes, "w");
      for (const { shape, data } of Object.values(arrays))
        expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(2000);
});
