import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Communicator } from "@simclr/core";
import { writeFileAtomic } from "@simclr/trainer/node";

/** A measurement that is kept in a file of the run. */
export interface Remembered<Rows, Value> {
  readonly file: string;
  /** Hash of all that decides the value. */
  readonly inputs: string;
  /** What is measured, made by all ranks together; they call it where nothing fitting is in the file. */
  readonly rows: () => Promise<Rows>;
  /** On the first rank alone; gives plain JSON. */
  readonly measure: (rows: Rows) => Value | Promise<Value>;
}

/**
 * What was measured before with the same inputs, read from the file; else measures it, and writes it there. Collective.
 *
 * @returns undefined on every rank but the first.
 */
export async function remember<Rows, Value>(
  { file, inputs, rows, measure }: Remembered<Rows, Value>,
  communicator: Communicator,
): Promise<Value | undefined> {
  const isFirst = communicator.rank === 0;
  const known = isFirst ? await recall<Value>(file, inputs) : undefined;
  const isKnown = Float32Array.of(known === undefined ? 0 : 1);
  await communicator.barrier(); // the first rank may still be measuring, which no collective waits for as long
  await communicator.broadcast(isKnown, 0);
  if (isKnown[0] === 1) return known?.value;
  const made = await rows();
  if (!isFirst) return undefined;
  const value = await measure(made);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify({ inputs, value })}\n`);
  return value;
}

/** What an earlier sitting measured with the same inputs, if it did. */
export async function recall<Value>(file: string, inputs: string): Promise<{ readonly value: Value } | undefined> {
  if (!existsSync(file)) return undefined;
  const known = JSON.parse(await readFile(file, "utf8")) as { readonly inputs: string; readonly value: Value };
  return known.inputs === inputs ? known : undefined;
}
