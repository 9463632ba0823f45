import { type FileHandle, open } from "node:fs/promises";
import { unreadable } from "../folder-files.js";

/** A file of which parts can be brought to this machine. */
export interface SourceFile {
  /** What the user calls it: a path or a URL. */
  readonly name: string;
  /** Where its bytes are on this machine, once they were fetched. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Sees to it that the bytes from `start` up to `end` are at `path`. */
  fetch(start: number, end: number): Promise<void>;
  /** Fetches and reads bytes. */
  read(start: number, end: number): Promise<Buffer>;
}

/** A file that is here already. */
export async function localSource(path: string): Promise<SourceFile> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { size } = await file.stat();
    return { name: path, path, size, fetch: async () => {}, read: (start, end) => readFrom(path, start, end) };
  } finally {
    await file.close();
  }
}

/** Reads a part of a file. @throws Error if it is shorter. */
export async function readFrom(path: string, start: number, end: number): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const bytes = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length) throw new Error(`${path} ends ${bytes.length - bytesRead} bytes early`);
    return bytes;
  } finally {
    await file?.close();
  }
}
