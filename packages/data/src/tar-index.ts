import { type FileHandle, open } from "node:fs/promises";
import { DataError } from "@simclr/core";
import {
  isZeroBlock,
  parsePaxRecords,
  parseTarHeader,
  readText,
  TAR_BLOCK,
  type TarHeader,
  TarHeaderProblem,
} from "./tar-header.js";

/** Bytes read ahead while headers are scanned; small members cost no read of their own. */
const WINDOW_BYTES = 1 << 16;

/** Longest long name, pax record or text that is believed. */
const MAX_META_BYTES = 1 << 20;

/** Headers that say something about the next member: GNU's long names of members and links, and pax records. */
const META_TYPES = "LKxg";

/** A file inside a tar archive. */
export interface TarMember {
  readonly name: string;
  /** Where its content starts in the archive, in bytes. */
  readonly offset: number;
  /** Bytes of content. */
  readonly size: number;
  /** Content of a member that was asked for with `wantsText`. */
  readonly text?: string;
}

export interface TarIndex {
  /** Regular files, in the order of the archive. */
  readonly members: readonly TarMember[];
  /** Names of members without content of their own, such as links to other members. */
  readonly links: readonly string[];
  /** Why the archive could not be read to its end; undefined for a sound one. */
  readonly problem: DataError | undefined;
}

/**
 * Scans the headers of a tar archive, so that members can be read at random later.
 *
 * A damaged archive gives the members before the damage, and the error as `problem`.
 *
 * @param path - An uncompressed tar file.
 * @param wantsText - Whether a member is a small text, such as a label, that is read along with the headers.
 * @throws DataError if the file cannot be opened.
 */
export async function indexTar(path: string, wantsText: (name: string) => boolean = () => false): Promise<TarIndex> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    throw new DataError(
      `Cannot open the tar archive ${path}: ${(cause as Error).message}. Correct the path or the permissions.`,
      { subject: path, cause },
    );
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile())
      throw new DataError(
        `${path} is ${stats.isDirectory() ? "a folder" : "no regular file"}, where a tar archive is expected. Rename the folder to open it as one of images, or correct the path.`,
        { subject: path, expected: "an uncompressed tar archive" },
      );
    return await scan(path, new Window(file, stats.size), wantsText);
  } finally {
    await file.close();
  }
}

async function scan(path: string, window: Window, wantsText: (name: string) => boolean): Promise<TarIndex> {
  const members: TarMember[] = [];
  const links: string[] = [];
  let position = 0;
  let last = "";
  let longName: string | undefined;
  let longSize: number | undefined;
  const stop = (problem: DataError): TarIndex => ({ members, links, problem });
  for (;;) {
    const block = await window.read(position, TAR_BLOCK);
    if (block.length < TAR_BLOCK) return stop(cutShort(path, position, last));
    if (isZeroBlock(block)) return { members, links, problem: undefined };
    let header: TarHeader;
    const at = position;
    try {
      header = parseTarHeader(block);
      const size = longSize ?? header.size;
      const name = longName ?? header.name;
      const start = position + TAR_BLOCK;
      position = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
      const isMeta = META_TYPES.includes(header.type);
      if (!isMeta) last = name;
      if (start + size > window.size) return stop(memberCutShort(path, name, size, window.size - start));
      if (isMeta) {
        if (header.type === "K" || header.type === "g") continue; // names of links, and records without a size
        if (size > MAX_META_BYTES) throw new TarHeaderProblem(`its extended header takes ${size} bytes`);
        const bytes = await window.read(start, size);
        if (header.type === "L") longName = readText(bytes, 0, size);
        else {
          const records = parsePaxRecords(bytes);
          longName = records.get("path") ?? longName;
          const paxSize = records.get("size");
          longSize = paxSize === undefined ? longSize : parseSize(paxSize);
        }
        continue;
      }
      if (header.type === "0" || header.type === "7") {
        if (leadsOutside(name)) throw new TarHeaderProblem(`its member "${name}" leads outside the archive`);
        if (wantsText(name)) {
          if (size > MAX_META_BYTES)
            throw new TarHeaderProblem(`its member "${name}" takes ${size} bytes, where a label is expected`);
          members.push({ name, offset: start, size, text: readText(await window.read(start, size), 0, size) });
        } else members.push({ name, offset: start, size });
      } else if (header.type !== "5") links.push(name);
    } catch (cause) {
      if (!(cause instanceof TarHeaderProblem)) throw cause;
      return stop(damaged(path, at, last, cause));
    }
    longName = undefined;
    longSize = undefined;
  }
}

/** Whether a relative path climbs out of where it starts. */
function leadsOutside(name: string): boolean {
  return name.split("/").includes("..");
}

function parseSize(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new TarHeaderProblem("the size in its pax records is not a number");
  return Number(text);
}

const after = (member: string): string => (member === "" ? "at its start" : `after the member "${member}"`);

function cutShort(path: string, position: number, last: string): DataError {
  return new DataError(
    `${path}: the tar archive is cut short ${after(last)} (byte ${position}): its end-of-archive marker is missing. Copy or build the archive again, or pass onBroken: "skip" to use what is there.`,
    { subject: path, expected: "an archive that ends with a block of zeros" },
  );
}

function memberCutShort(path: string, name: string, size: number, left: number): DataError {
  return new DataError(
    `${path}:${name}: the tar archive is cut short inside this member: ${size} bytes expected, ${Math.max(0, left)} left in the file. Copy or build the archive again, or pass onBroken: "skip" to use the members before it.`,
    { subject: `${path}:${name}`, expected: `${size} bytes`, received: `${Math.max(0, left)} bytes` },
  );
}

function damaged(path: string, position: number, last: string, cause: TarHeaderProblem): DataError {
  const kind = last === "" && position === 0 ? "is not a tar archive, or is damaged," : "is damaged";
  return new DataError(
    `${path}: the file ${kind} ${after(last)} (byte ${position}): ${cause.message}. Copy or build the archive again, or pass onBroken: "skip" to use the members before it.`,
    { subject: path, expected: "an uncompressed tar archive", cause },
  );
}

/** Reads small pieces of a file through one buffer. */
class Window {
  readonly #buffer = new Uint8Array(WINDOW_BYTES);
  #start = 0;
  #length = 0;

  constructor(
    private readonly file: FileHandle,
    readonly size: number,
  ) {}

  /** Up to `length` bytes at `position`; fewer at the end of the file. Valid until the next call. */
  async read(position: number, length: number): Promise<Uint8Array> {
    if (length > WINDOW_BYTES) {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, await readFully(this.file, bytes, position));
    }
    if (position < this.#start || position + length > this.#start + this.#length) {
      this.#start = position;
      this.#length = await readFully(this.file, this.#buffer, position);
    }
    return this.#buffer.subarray(position - this.#start, Math.min(position - this.#start + length, this.#length));
  }
}

async function readFully(file: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
