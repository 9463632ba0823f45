import { decodeForeignSafetensors, decodeSafetensors, encodeSafetensors } from "@simclr/tensor-files";
import { mutate, pick } from "../mutate.mjs";

const LENGTH_BYTES = 8;
const NUMBERS = [0, 1, 2, 8, 40, 240, -1, 0.5, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, null, "8"];
const VALUES = [
  ...NUMBERS,
  {},
  [],
  [0],
  [1e9, 1e9],
  [2 ** 31, 2 ** 31],
  "F32",
  "F64",
  "I8",
  "BOOL",
  "f32",
  "__proto__",
  true,
];

function seeds() {
  const data = Float32Array.from({ length: 60 }, (_, i) => i / 7);
  const own = encodeSafetensors({
    arrays: {
      "encoder/kernel": { shape: [3, 4, 5], data },
      bias: { shape: [2], data: data.slice(0, 2) },
      empty: { shape: [0], data: data.slice(0, 0) },
    },
    metadata: { step: "12", format: "1" },
  });
  const foreign = {
    a: { dtype: "F16", shape: [4], data_offsets: [0, 8] },
    b: { dtype: "BF16", shape: [2, 2], data_offsets: [8, 16] },
    c: { dtype: "F64", shape: [], data_offsets: [16, 24] },
    d: { dtype: "I64", shape: [1], data_offsets: [24, 32] },
  };
  return [Buffer.concat(own), join(Buffer.from(JSON.stringify(foreign)), Buffer.from(data.buffer, 0, 32))];
}

export const safetensors = {
  name: "safetensors",
  prepare: () => ({ seeds: seeds() }),
  make({ seeds: files }, random, repaired) {
    const original = pick(files, random);
    if (!repaired) return mutate(original, random);
    const end = LENGTH_BYTES + Number(original.readBigUInt64LE(0));
    const header = original.subarray(LENGTH_BYTES, end);
    return join(random.bernoulli(0.5) ? mutate(header, random) : mutateJson(header, random), original.subarray(end));
  },
  async run(bytes) {
    decodeForeignSafetensors(bytes, "case.safetensors");
    decodeSafetensors(bytes, "case.safetensors");
  },
};

/** A header that is JSON still, with one to three other values in it. */
function mutateJson(header, random) {
  const json = JSON.parse(header.toString());
  const count = random.integer(1, 4);
  for (let i = 0; i < count; i++) {
    const tensor = pick(Object.values(json), random);
    const key = pick(Object.keys(tensor), random);
    tensor[key] =
      random.bernoulli(0.6) && Array.isArray(tensor[key]) ? otherNumber(tensor[key], random) : pick(VALUES, random);
  }
  return Buffer.from(JSON.stringify(json));
}

function otherNumber(list, random) {
  const copy = [...list];
  copy[random.integer(0, list.length + 1)] = pick(NUMBERS, random);
  return copy;
}

/** A file with the header length that fits. */
function join(header, data) {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}
