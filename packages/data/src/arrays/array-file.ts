import { type FileHandle, open } from "node:fs/promises";
import { DataError } from "@simclr/core";
import { unreadable } from "../folder-files.js";
import { NPY_HEAD_BYTES, type NpyHeader, parseNpyHeader } from "./npy-header.js";

/** An array that is read piece by piece. */
export interface ArrayFile extends NpyHeader {
  /** The file, or `archive.npz:member`. */
  readonly name: string;
  /** Bytes `start` to `start + length` of the numbers. */
  read(start: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Where the bytes of an array in NumPy's format are. */
export interface ArrayBytes {
  readonly name: string;
  /** Header and numbers. */
  readonly byteLength: number;
  read(start: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @throws DataError if the header is damaged, or the bytes are fewer or more than its shape says. */
export async function openArray(bytes: ArrayBytes): Promise<ArrayFile> {
  const { name, byteLength } = bytes;
  try {
    const header = parseNpyHeader(await bytes.read(0, Math.min(byteLength, NPY_HEAD_BYTES)), name);
    const available = byteLength - header.dataStart;
    if (available !== header.dataBytes)
      throw new DataError(
        `${name}: its shape (${header.shape.join(", ")}) takes ${header.dataBytes} bytes, the file holds ${available}. Expected as many; copy or save it again.`,
        { subject: name, expected: `${header.dataBytes} bytes`, received: `${available} bytes` },
      );
    return {
      ...header,
      name,
      read: (start, length) => bytes.read(header.dataStart + start, length),
      close: () => bytes.close(),
    };
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** A `.npy` file. */
export async function openNpy(path: string): Promise<ArrayFile> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const stats = await file.stat();
  return openArray({
    name: path,
    byteLength: stats.size,
    read: (start, length) => readPart(file, path, start, length),
    close: () => file.close(),
  });
}

/** Reads a part of a file; fewer bytes than asked for are an error. */
export async function readPart(file: FileHandle, name: string, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0)
      throw new DataError(`${name}: ends ${length - done} bytes early. Copy the file again.`, { subject: name });
    done += bytesRead;
  }
  return bytes;
}
