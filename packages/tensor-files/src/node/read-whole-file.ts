import { open } from "node:fs/promises";
import { CheckpointError } from "@simclr/core";

/** Bytes asked for at a time; one read gives at most 2 GB. */
const PIECE_BYTES = 2 ** 28;

/** Reads a file of up to 4 GB. @throws CheckpointError if it cannot be opened. */
export async function readWholeFile(path: string): Promise<Uint8Array> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    const problem = error.code === "ENOENT" ? "there is no such file" : error.message;
    throw new CheckpointError(`${path}: ${problem}. Check the path.`, { subject: path, cause: error });
  });
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, Math.min(size - length, PIECE_BYTES));
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}
