import { createHash } from "node:crypto";
import { type FileHandle, open, readFile } from "node:fs/promises";

/** Notes which blocks of a file are here and what their SHA-256 is, one line each, behind those that are there. */
export class BlockJournal {
  private constructor(
    private readonly path: string,
    /** SHA-256 by block. */
    readonly sums: Map<number, string>,
  ) {}

  /** Lines that were cut off, or damaged, count as if they were not there. */
  static async open(path: string): Promise<BlockJournal> {
    const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return "";
      throw cause;
    });
    const sums = new Map<number, string>();
    for (const line of text.split("\n")) {
      const match = /^(\d+) ([0-9a-f]{64})$/.exec(line);
      if (match !== null) sums.set(Number(match[1]), match[2]!);
    }
    return new BlockJournal(path, sums);
  }

  /** Writes through to the disk. Several processes may do so at once. */
  async add(block: number, bytes: Uint8Array): Promise<void> {
    const sum = sha256(bytes);
    let file: FileHandle | undefined;
    try {
      file = await open(this.path, "a");
      await file.write(`\n${block} ${sum}\n`); // a cut line before it stays a line of its own
      await file.datasync();
    } finally {
      await file?.close();
    }
    this.sums.set(block, sum);
  }

  /** Whether a block is what it was when it was written. */
  matches(block: number, bytes: Uint8Array): boolean {
    return this.sums.get(block) === sha256(bytes);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
