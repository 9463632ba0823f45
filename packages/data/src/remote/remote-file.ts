import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { DataError } from "@simclr/core";
import { forEachBounded } from "../for-each-bounded.js";
import { BlockJournal } from "./block-journal.js";
import { downloadRange, type RemoteState, remoteState } from "./http-range.js";
import { readFrom, type SourceFile } from "./source-file.js";

/** What is downloaded, checked and kept as one. */
const BLOCK_BYTES = 4 << 20;

/** Blocks under way at once. */
const DOWNLOADS_AT_ONCE = 4;

/** Whether a path is the URL of a file. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/**
 * A file behind a URL, of which only what is used is downloaded, and kept.
 *
 * Each state of the file (its size and `ETag`) has a folder in the cache: `data`, which is sparse, and a journal of the
 * blocks in it with their SHA-256. A block is written and synced before the journal names it, and checked against it when
 * it is used again, so that a process that was ended at any moment costs the blocks under way, and one that is damaged
 * is downloaded again. Without a validator from the server nothing is used again.
 *
 * @param cacheFolder - Made if it is not there.
 * @throws DataError naming the URL, or the cache if it cannot be written.
 */
export async function remoteFile(url: string, cacheFolder = defaultCacheFolder()): Promise<SourceFile> {
  const state = await remoteState(url);
  const folder = join(cacheFolder, hash(url), hash(`${state.size} ${state.validator ?? randomUUID()}`));
  const path = join(folder, basename(new URL(url).pathname) || "data");
  try {
    await mkdir(folder, { recursive: true });
    await describe(folder, url, state);
    await (await open(path, "a")).close();
    const journal = await BlockJournal.open(join(folder, "blocks"));
    const blocks = new Blocks(url, path, state, journal);
    const fetch = (start: number, end: number): Promise<void> => blocks.bring(start, end);
    return {
      name: url,
      path,
      size: state.size,
      fetch,
      read: async (start, end) => {
        await fetch(start, end);
        return readFrom(path, start, end);
      },
    };
  } catch (cause) {
    throw notKept(url, folder, cause);
  }
}

class Blocks {
  /** Blocks that are here and were checked, or are being brought. */
  readonly #brought = new Map<number, Promise<void>>();

  constructor(
    private readonly url: string,
    private readonly path: string,
    private readonly state: RemoteState,
    private readonly journal: BlockJournal,
  ) {}

  async bring(start: number, end: number): Promise<void> {
    if (end <= start) return;
    const first = Math.floor(start / BLOCK_BYTES);
    const blocks = Array.from({ length: Math.ceil(end / BLOCK_BYTES) - first }, (_, i) => first + i);
    await forEachBounded(blocks, DOWNLOADS_AT_ONCE, (block) => this.#bringOnce(block));
  }

  #bringOnce(block: number): Promise<void> {
    let brought = this.#brought.get(block);
    if (brought === undefined) {
      brought = this.#bring(block);
      this.#brought.set(block, brought);
      brought.catch(() => this.#brought.delete(block));
    }
    return brought;
  }

  async #bring(block: number): Promise<void> {
    const start = block * BLOCK_BYTES;
    const end = Math.min(start + BLOCK_BYTES, this.state.size);
    if (this.journal.sums.has(block)) {
      const kept = await readFrom(this.path, start, end).catch(() => undefined); // cut off: as if it were not there
      if (kept !== undefined && this.journal.matches(block, kept)) return;
    }
    const bytes = await downloadRange(this.url, start, end, this.state);
    try {
      await writeAt(this.path, bytes, start);
      await this.journal.add(block, bytes);
    } catch (cause) {
      throw notKept(this.url, this.path, cause);
    }
  }
}

async function writeAt(path: string, bytes: Uint8Array, position: number): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r+");
    let done = 0;
    while (done < bytes.length)
      done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    await file.datasync();
  } finally {
    await file?.close();
  }
}

/** For people who look into the cache. */
async function describe(folder: string, url: string, state: RemoteState): Promise<void> {
  const temporary = join(folder, `source.${randomUUID()}`);
  await writeFile(temporary, `${JSON.stringify({ url, ...state }, null, 2)}\n`);
  await rename(temporary, join(folder, "source.json"));
}

function defaultCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "simclr");
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}

function notKept(url: string, folder: string, cause: unknown): DataError {
  return new DataError(
    `${url} cannot be kept in ${folder}: ${(cause as Error).message}. Make room or correct the permissions, or choose another folder with \`cacheFolder\`.`,
    { subject: folder, expected: "a folder that can be written", cause },
  );
}
