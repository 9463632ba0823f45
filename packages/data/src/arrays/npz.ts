import { type FileHandle, open } from "node:fs/promises";
import { totalmem } from "node:os";
import { crc32 } from "node:zlib";
import { DataError, isSimclrError } from "@simclr/core";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { unreadable } from "../folder-files.js";
import { type ArrayFile, openArray, readPart } from "./array-file.js";

/** Deflate cannot shrink anything further than this, so that a small file cannot claim a large one. */
const MAX_DEFLATE_RATIO = 1032;

/** Most members of an archive that are looked at. */
const MAX_MEMBERS = 10_000;

/** An archive of arrays, as `numpy.savez` and `numpy.savez_compressed` write it. */
export interface Npz {
  /** Names of the arrays, without `.npy`. */
  readonly names: readonly string[];
  /**
   * Opens an array: one that is stored is read from the file, piece by piece; a compressed one is unpacked into
   * memory. Its checksum is verified first.
   */
  open(name: string): Promise<ArrayFile>;
  /** Arrays stay open. */
  close(): Promise<void>;
}

/** @throws DataError if the file is no sound zip archive. */
export async function openNpz(path: string): Promise<Npz> {
  let zip: ZipFile;
  const entries = new Map<string, Entry>();
  try {
    zip = await openPromise(path, { autoClose: false, strictFileNames: true });
  } catch (cause) {
    throw damaged(path, cause);
  }
  try {
    for await (const entry of zip.eachEntry()) {
      if (entries.size >= MAX_MEMBERS) throw new Error(`it holds more than ${MAX_MEMBERS} members`);
      if (entry.fileName.endsWith(".npy")) entries.set(entry.fileName.slice(0, -4), entry);
    }
  } catch (cause) {
    zip.close();
    throw damaged(path, cause);
  }
  return {
    names: [...entries.keys()],
    open: async (name) => {
      const where = `${path}:${name}`;
      try {
        return await openMember(path, where, zip, entries.get(name)!);
      } catch (cause) {
        throw isSimclrError(cause) ? cause : damaged(where, cause);
      }
    },
    close: async () => zip.close(),
  };
}

async function openMember(path: string, where: string, zip: ZipFile, entry: Entry): Promise<ArrayFile> {
  const { compressionMethod, compressedSize, uncompressedSize } = entry;
  if (compressionMethod === 0) {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    const file = await open(path, "r").catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    try {
      await verify(file, where, fileDataStart, entry);
    } catch (error) {
      await file.close();
      throw error;
    }
    return openArray({
      name: where,
      byteLength: uncompressedSize,
      read: (start, length) => readPart(file, where, fileDataStart + start, length),
      close: () => file.close(),
    });
  }
  if (compressionMethod !== 8)
    throw new Error(`its member is compressed with method ${compressionMethod}, not deflate`);
  if (uncompressedSize > MAX_DEFLATE_RATIO * compressedSize + 1024)
    throw new Error(`its member claims ${uncompressedSize} bytes from ${compressedSize}, more than deflate can give`);
  if (uncompressedSize > totalmem() / 2)
    throw new DataError(
      `${where}: unpacks to ${uncompressedSize} bytes, more than half of this machine's memory. Save it with numpy.savez, which does not compress, so that it can be read from the file.`,
      { subject: where, expected: `at most ${Math.floor(totalmem() / 2)} bytes`, received: String(uncompressedSize) },
    );
  const bytes = new Uint8Array(await inflate(zip, entry));
  return openArray({
    name: where,
    byteLength: bytes.length,
    read: async (start, length) => bytes.subarray(start, start + length),
    close: async () => {},
  });
}

/** Unpacks a member; yauzl ends with an error if there is more or less of it than its entry says. */
async function inflate(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sum = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    const part = chunk as Buffer;
    chunks.push(part);
    sum = crc32(part, sum);
  }
  checkSum(sum, entry);
  return Buffer.concat(chunks);
}

/** Goes through a stored member once. */
async function verify(file: FileHandle, where: string, start: number, entry: Entry): Promise<void> {
  const size = entry.uncompressedSize;
  let sum = 0;
  for (let done = 0; done < size; ) {
    const part = await readPart(file, where, start + done, Math.min(1 << 20, size - done));
    sum = crc32(part, sum);
    done += part.length;
  }
  checkSum(sum, entry);
}

function checkSum(sum: number, entry: Entry): void {
  if (sum !== entry.crc32)
    throw new Error(`the checksum of "${entry.fileName}" is ${entry.crc32}, but its bytes give ${sum}`);
}

function damaged(where: string, cause: unknown): DataError {
  return new DataError(
    `${where}: the archive is damaged, or is no .npz file: ${(cause as Error).message}. Copy it again, or save it again with numpy.savez.`,
    { subject: where, expected: "an archive that numpy.savez wrote", cause },
  );
}
