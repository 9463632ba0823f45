import { fixtures, put } from "../files.mjs";
import { mutate, pick } from "../mutate.mjs";
import { readSome } from "../read-some.mjs";

const MAGIC = Buffer.from("PAR1");

export const parquet = {
  name: "parquet",
  prepare: () => ({ seeds: [...Object.values(fixtures("parquet")), ...Object.values(fixtures("parquet/codecs"))] }),
  make({ seeds }, random, repaired) {
    const original = pick(seeds, random);
    return repaired ? mutateSections(original, random) : mutate(original, random);
  },
  run: (bytes, folder) => readSome(put(folder, "case.parquet", bytes), { columns: {} }),
};

/** Damages the pages or the metadata, and writes the length and the marks that fit. */
function mutateSections(original, random) {
  const length = original.readUInt32LE(original.length - 8);
  const start = original.length - 8 - length;
  let body = original.subarray(0, start);
  let metadata = original.subarray(start, original.length - 8);
  if (random.bernoulli(0.5)) body = mutate(body, random);
  else metadata = mutate(metadata, random);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(metadata.length);
  return Buffer.concat([body, metadata, tail, MAGIC]);
}
