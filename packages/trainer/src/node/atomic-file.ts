import { writeFilesAtomic } from "@simclr/tensor-files/node";

/**
 * Writes a text file that appears whole or not at all: written beside its place, flushed, renamed. Missing folders are
 * made, and an older file stays until the new one is there.
 */
export async function writeFileAtomic(file: string, text: string): Promise<void> {
  await writeFilesAtomic({ [file]: [new TextEncoder().encode(text)] });
}
