import { createHash } from "node:crypto";
import { type Communicator, TrainingError } from "@simclr/core";

/** Bytes of a hash that are compared: 24 bits fit a float32 exactly, so 12 bytes are four values. */
const HASH_BYTES = 12;

/** A hash as float32 integers below 2^24. */
function digest(text: string | Uint8Array): number[] {
  const bytes = createHash("sha256").update(text).digest().subarray(0, HASH_BYTES);
  return Array.from({ length: HASH_BYTES / 3 }, (_, i) => bytes.readUIntBE(3 * i, 3));
}

/**
 * Compares facts of all ranks; collective.
 *
 * @param facts - Text by name, such as `{ config, data: fingerprint, node: process.version }`. Names are compared too.
 * @throws TrainingError on every rank if a fact differs; the message names it and the ranks that differ from rank 0.
 */
export async function requireAgreement(
  communicator: Communicator,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  if (communicator.size === 1) return;
  const names = Object.keys(facts).sort();
  await compare(communicator, "names of the facts", names.join("\n"));
  for (const name of names) await compare(communicator, name, facts[name]!);
}

/**
 * Whether all ranks hold the same bytes, such as those of their weights; collective.
 *
 * @returns the ranks whose bytes differ from rank 0's; empty if none do.
 */
export async function ranksThatDiffer(communicator: Communicator, bytes: string | Uint8Array): Promise<number[]> {
  const own = digest(bytes);
  const all = await communicator.allGather(Float32Array.from(own));
  const differs = (rank: number) => own.some((_, i) => all[rank * own.length + i] !== all[i]);
  return Array.from({ length: communicator.size }, (_, rank) => rank).filter(differs);
}

async function compare(communicator: Communicator, name: string, value: string): Promise<void> {
  const others = await ranksThatDiffer(communicator, value);
  if (others.length === 0) return;
  throw new TrainingError(
    `The ranks disagree on ${name}: ${others.length === 1 ? "rank" : "ranks"} ${others.join(", ")} ${others.length === 1 ? "differs" : "differ"} from rank 0 (rank ${communicator.rank} has ${shorten(value)}). Start all ranks with the same config, data and versions.`,
    { subject: name },
  );
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 80 ? `"${line.slice(0, 77)}…"` : `"${line}"`;
}
