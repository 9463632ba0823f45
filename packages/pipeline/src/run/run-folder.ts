import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { ConfigError } from "@simclr/core";
import { writeFileAtomic } from "@simclr/trainer/node";
import { parse, stringify } from "yaml";
import type { Config } from "../config/schema.js";
import { checkFormat } from "./folder-format.js";
import { type FolderLock, LOCK, lockFolder } from "./folder-lock.js";

/** Name of the resolved configuration in the run's folder. */
export const CONFIG = "config.yaml";

export interface OpenFolderOptions {
  /** Move what is there aside (`<folder>.1`, …) and start anew. @defaultValue false */
  readonly fresh?: boolean;
  /** Folder of trained stages that runs share. @defaultValue none */
  readonly shared?: string | undefined;
  /** Whether this process writes to the folder, and takes it for itself; the other ranks of a run do not. @defaultValue true */
  readonly writes?: boolean;
  /** Is told of a lock that is taken over. @defaultValue nobody */
  readonly say?: (text: string) => void;
}

/** The folder of one run: the resolved config, one folder a stage, the results and the report. */
export class RunFolder {
  readonly path: string;
  readonly #shared: string | undefined;
  readonly #lock: FolderLock | undefined;

  private constructor(path: string, shared: string | undefined, lock: FolderLock | undefined) {
    this.path = path;
    this.#shared = shared;
    this.#lock = lock;
  }

  /**
   * Opens the run's folder, or makes it, and locks it. A folder that holds another configuration is refused, so that results
   * of two runs never mix. `close` gives it free.
   *
   * @throws ConfigError naming the keys that differ, or the process that works in the folder; CheckpointError if another
   *   version of the program wrote it.
   */
  static async open(config: Config, options: OpenFolderOptions = {}): Promise<RunFolder> {
    const { fresh = false, shared, writes = true, say = () => {} } = options;
    const path = config.output!;
    if (!writes) return new RunFolder(path, shared, undefined);
    await makeFolder(path);
    let lock = await lockFolder(path, say);
    try {
      if (fresh && (await readdir(path)).length > 1) {
        // The lock goes with the folder, so that nobody takes what is being moved.
        const aside = freeName(path);
        await rename(path, aside);
        lock.release();
        await rm(join(aside, LOCK), { force: true });
        await makeFolder(path);
        lock = await lockFolder(path, say);
      }
      await checkFormat(path);
      await checkConfig(path, config);
    } catch (error) {
      lock.release();
      throw error;
    }
    return new RunFolder(path, shared, lock);
  }

  /** Gives the folder free for other processes. */
  close(): void {
    this.#lock?.release();
  }

  stage(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /**
   * The folder of a stage that is trained. Where runs share stages, those of the same inputs are one folder, and the run's
   * own is a link to it.
   *
   * @param inputs - Hash of all that decides the result.
   */
  async trained(inputs: string, ...names: readonly string[]): Promise<string> {
    const own = this.stage(...names);
    if (this.#shared === undefined) return own;
    const shared = join(this.#shared, `${names.at(-1)}-${inputs}`);
    await mkdir(shared, { recursive: true });
    await mkdir(dirname(own), { recursive: true });
    const isThere = await lstat(own).then(
      () => true,
      () => false,
    );
    if (!isThere) await symlink(relative(dirname(own), shared), own, "dir");
    return shared;
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(join(this.path, name), `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** @throws ConfigError if the folder cannot be made. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new ConfigError(
      `The folder of the run, ${path}, cannot be made: ${(cause as Error).message}. Choose a place with --output where you may write.`,
      { subject: "output", received: path, cause },
    );
  }
}

async function checkConfig(path: string, config: Config): Promise<void> {
  const file = join(path, CONFIG);
  if (existsSync(file)) {
    const differing = differences(comparable(parse(await readFile(file, "utf8"))), comparable(config));
    if (differing.length > 0)
      throw new ConfigError(
        `${path} holds a run with another configuration (different: ${differing.join(", ")}). ` +
          "Choose another folder with --output, or start anew with --fresh, which moves the old folder aside.",
        { subject: path },
      );
  }
  await writeFileAtomic(file, stringify(config));
}

/** A short hash of anything that JSON can say; keys in any order give the same hash. */
export function fingerprint(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex")
    .slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/**
 * What decides what is trained: not how it is measured, which is done again where that changes; nor where results lie, what is
 * written beside them, how often, and for how long, nor how images are kept and decoded.
 */
function comparable(config: Config): Record<string, unknown> {
  const {
    output: _output,
    checkpoint: _checkpoint,
    logging: _logging,
    maxMinutes: _maxMinutes,
    evaluate: _evaluate,
    data,
    ...rest
  } = config;
  const { cache: _cache, cacheFolder: _folder, maxCacheMegabytes: _memory, workers: _workers, ...images } = data;
  return JSON.parse(JSON.stringify({ ...rest, data: images })) as Record<string, unknown>;
}

/** Paths of the keys in which two JSON values differ. */
export function differences(a: unknown, b: unknown, path = ""): string[] {
  if (JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))) return [];
  const isRecord = (x: unknown): x is Record<string, unknown> =>
    typeof x === "object" && x !== null && !Array.isArray(x);
  if (!isRecord(a) || !isRecord(b)) return [path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
}

function freeName(path: string): string {
  for (let i = 1; ; i++) if (!existsSync(`${path}.${i}`)) return `${path}.${i}`;
}
