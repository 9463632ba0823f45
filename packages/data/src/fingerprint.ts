import { createHash } from "node:crypto";

/** SHA-256, in hexadecimal, of a list of parts; each part is delimited, so that ["ab"] and ["a", "b"] differ. */
export function fingerprintOf(parts: Iterable<string | number | Int32Array>): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    if (typeof part === "number") hash.update(`n${part};`);
    else if (typeof part === "string") hash.update(`s${part.length}:${part};`);
    else hash.update(`i${part.length}:`).update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest("hex");
}
