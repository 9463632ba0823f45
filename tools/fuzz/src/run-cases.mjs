import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSimclrError, Random } from "@simclr/core";
import { formats } from "./formats.mjs";

/** What fuzzing of a format found. */
export function newTally() {
  return { cases: 0, accepted: 0, refused: 0, failures: [], messages: new Map() };
}

/**
 * Runs cases `first` up to `end` of a format. A case follows from the seed, the format and its number alone.
 *
 * A case passes if the input is read, or refused with an error of `@simclr/core` that has words.
 */
export async function runCases(name, seed, first, end, tally, onCase = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), "simclr-fuzz-"));
  const format = formats[name];
  try {
    const prepared = format.prepare(folder);
    for (let index = first; index < end; index++) {
      onCase(index);
      const random = Random.fromSeed(seed).fork("fuzz", name, index);
      const input = format.make(prepared, random, index % 2 === 1);
      tally.cases++;
      try {
        await format.run(input, folder);
        tally.accepted++;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (isSimclrError(error) && message.length > 20 && !message.includes("fuzz: refused")) {
          tally.refused++;
          const kind = kindOf(message, folder);
          tally.messages.set(kind, (tally.messages.get(kind) ?? 0) + 1);
        } else
          tally.failures.push({
            format: name,
            seed,
            case: index,
            problem: error instanceof Error ? error.stack : message,
          });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A message without what differs from case to case. */
function kindOf(message, folder) {
  return message
    .replaceAll(folder, "")
    .replace(/"[^"]*"/g, '"…"')
    .replace(/-?\d[\d.,e+]*/g, "#")
    .slice(0, 110);
}
