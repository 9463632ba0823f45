import { type Communicator, ranksThatDiffer, TrainingError } from "@simclr/core";
import { gatherParts } from "./gather-parts.js";

/** Facts that are named in a message at most. */
const MOST_NAMED = 3;
/** Characters of a value that are shown. */
const MOST_SHOWN = 80;

/** Texts by name, such as `{ seed: "1", data: fingerprint, node: process.version }`. */
export type Facts = Readonly<Record<string, string>>;

/**
 * Compares facts of all ranks; collective. One small exchange where they agree.
 *
 * @throws TrainingError with the same message on every rank if a fact differs, or is missing on some: it names the fact, and
 * what each of two ranks has.
 */
export async function requireAgreement(communicator: Communicator, facts: Facts): Promise<void> {
  if (communicator.size === 1) return;
  const text = new TextEncoder().encode(JSON.stringify(Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1))));
  const differing = await ranksThatDiffer(communicator, [text]);
  if (differing.length === 0) return;
  const all = await factsOfAll(communicator, text);
  const names = [...new Set(all.flatMap((each) => Object.keys(each)))].sort();
  const found = names.flatMap((name) => {
    const rank = all.findIndex((each) => each[name] !== all[0]![name]);
    return rank < 0 ? [] : [{ name, rank }];
  });
  const words = found
    .slice(0, MOST_NAMED)
    .map(
      ({ name, rank }) => `${name} (rank ${rank} has ${shown(all[rank]![name])}, rank 0 has ${shown(all[0]![name])})`,
    );
  const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : "";
  throw new TrainingError(
    `The ranks disagree on ${words.join(", ")}${more}. Start all ranks with the same config, data and versions.`,
    { subject: found[0]?.name ?? "ranks" },
  );
}

/** What all ranks brought, in rank order. Bytes travel as float32, which holds them exactly. */
async function factsOfAll(communicator: Communicator, own: Uint8Array): Promise<Facts[]> {
  const parts = await gatherParts(communicator, Float32Array.from(own));
  return parts.map((part) => {
    const text = new TextDecoder().decode(Uint8Array.from(part));
    return Object.fromEntries(JSON.parse(text) as [string, string][]);
  });
}

function shown(text: string | undefined): string {
  if (text === undefined) return "none";
  const line = text.replace(/\s+/g, " ");
  return line.length > MOST_SHOWN ? `"${line.slice(0, MOST_SHOWN - 3)}…"` : `"${line}"`;
}
