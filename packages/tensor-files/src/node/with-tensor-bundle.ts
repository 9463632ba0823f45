import { type FileHandle, open, readFile } from "node:fs/promises";
import { CheckpointError } from "@simclr/core";
import { openTensorBundle, type TensorBundle } from "../tensor-bundle/tensor-bundle.js";

/**
 * Opens the TensorFlow checkpoint of files `<prefix>.index` and `<prefix>.data-00000-of-00001` … while `use` runs.
 *
 * @param prefix - Path without the endings, such as `r50_1x_sk1/model.ckpt-250228`.
 * @throws CheckpointError if a file is missing or damaged.
 */
export async function withTensorBundle<T>(prefix: string, use: (bundle: TensorBundle) => Promise<T>): Promise<T> {
  const index = await readFile(`${prefix}.index`).catch((error: NodeJS.ErrnoException) => missing(prefix, error));
  const files = new Map<number, Promise<FileHandle>>();
  const openShard = (shard: number): Promise<FileHandle> => {
    const path = shardPath(prefix, shard, bundle.shards);
    const file = files.get(shard) ?? open(path).catch((error: NodeJS.ErrnoException) => missing(path, error));
    files.set(shard, file);
    return file;
  };
  const bundle = openTensorBundle(
    index,
    async (shard, offset, length) => {
      const file = await openShard(shard);
      const bytes = new Uint8Array(Math.min(length, Math.max(0, (await file.stat()).size - offset)));
      await file.read(bytes, 0, bytes.length, offset);
      return bytes;
    },
    prefix,
  );
  try {
    return await use(bundle);
  } finally {
    for (const file of files.values()) await file.then((handle) => handle.close()).catch(() => undefined);
  }
}

const digits = (n: number): string => String(n).padStart(5, "0");

const shardPath = (prefix: string, shard: number, shards: number): string =>
  `${prefix}.data-${digits(shard)}-of-${digits(shards)}`;

function missing(path: string, error: NodeJS.ErrnoException): never {
  throw new CheckpointError(
    `${path}: ${error.code === "ENOENT" ? "there is no such checkpoint file" : error.message}. Give the path without ` +
      "the endings .index and .data-00000-of-00001, which must both be there, such as r50_1x_sk1/model.ckpt-250228.",
    { subject: path, cause: error },
  );
}
