import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Where the encoded bytes of an image are. */
export interface ImageLocation {
  readonly path: string;
  /** First byte in the file; 0 for a file of its own. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** Reads encoded images on the main thread; archives stay open until `close`. */
export class ImageReader {
  readonly #archives = new Map<string, Promise<FileHandle>>();

  async read(location: ImageLocation): Promise<Buffer> {
    const { path, offset, size } = location;
    if (offset === 0) {
      const file = await open(path, "r");
      try {
        return await readPart(file, offset, size);
      } finally {
        await file.close();
      }
    }
    let archive = this.#archives.get(path);
    if (archive === undefined) {
      archive = open(path, "r");
      this.#archives.set(path, archive);
    }
    return readPart(await archive, offset, size);
  }

  async close(): Promise<void> {
    const archives = [...this.#archives.values()];
    this.#archives.clear();
    for (const archive of archives) await (await archive).close();
  }
}

async function readPart(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await file.read(bytes, done, size - done, offset + done);
    if (bytesRead === 0) throw endsEarly(size - done);
    done += bytesRead;
  }
  return bytes;
}

/** Reads encoded images in a worker, where blocking is cheaper than awaiting; the last archive stays open. */
export class BlockingImageReader {
  #path: string | undefined;
  #file = -1;

  read({ path, offset, size }: ImageLocation): Buffer {
    if (this.#path !== path) {
      this.close();
      this.#file = openSync(path, "r");
      this.#path = path;
    }
    const bytes = Buffer.allocUnsafe(size);
    let done = 0;
    while (done < size) {
      const count = readSync(this.#file, bytes, done, size - done, offset + done);
      if (count === 0) throw endsEarly(size - done);
      done += count;
    }
    return bytes;
  }

  close(): void {
    if (this.#path === undefined) return;
    this.#path = undefined;
    closeSync(this.#file);
  }
}

function endsEarly(missing: number): Error {
  return new Error(`the file ends ${missing} bytes early`);
}
