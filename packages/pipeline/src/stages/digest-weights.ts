import { createHash } from "node:crypto";
import type { NamedArrays } from "@simclr/core";

/** SHA-256 of names and values, whatever their order. */
export function digestWeights(arrays: NamedArrays): string {
  const hash = createHash("sha256");
  for (const [name, { data }] of Object.entries(arrays).sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name};`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest("hex");
}
