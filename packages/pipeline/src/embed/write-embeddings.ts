import { extname } from "node:path";
import { InvalidArgumentError } from "@simclr/core";
import { writeFilesAtomic } from "@simclr/tensor-files/node";
import { parquetWriteBuffer } from "hyparquet-writer";
import { dump } from "npyjs";
import { csv } from "../csv.js";
import type { Embeddings } from "./embed.js";

/** The endings that a file of embeddings may have. */
export const EMBEDDING_FORMATS = [".npy", ".parquet", ".csv"] as const;

/**
 * Writes embeddings for other programs, all of it or nothing; an older file is replaced.
 *
 * - `.npy`: float32 `[images, dimension]` for NumPy, and beside it `<name>.files.csv` with the file and the label of each row.
 * - `.parquet`: columns `file`, `label` (null where there is none) and `embedding`, a list of float.
 * - `.csv`: columns `file`, `label`, `0`, `1`, …
 *
 * @returns The files that were written.
 * @throws InvalidArgumentError for another ending.
 */
export async function writeEmbeddings(file: string, embeddings: Embeddings): Promise<readonly string[]> {
  const contents = encode(file, embeddings);
  await writeFilesAtomic(Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [name, [bytes]])));
  return Object.keys(contents);
}

function encode(file: string, embeddings: Embeddings): Record<string, Uint8Array> {
  const { files, labels, features, dimension } = embeddings;
  const rows = files.map((_, row) => features.subarray(row * dimension, (row + 1) * dimension));
  switch (extname(file)) {
    case ".npy":
      return {
        [file]: new Uint8Array(dump(features, [files.length, dimension])),
        [`${file.slice(0, -".npy".length)}.files.csv`]: text(
          ["file", "label"],
          files.map((name, row) => [name, labels[row] ?? ""]),
        ),
      };
    case ".parquet":
      return {
        [file]: new Uint8Array(
          parquetWriteBuffer({
            schema: [
              { name: "root", num_children: 3 },
              { name: "file", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
              { name: "label", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
              { name: "embedding", converted_type: "LIST", repetition_type: "REQUIRED", num_children: 1 },
              { name: "list", repetition_type: "REPEATED", num_children: 1 },
              { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
            ],
            columnData: [
              { name: "file", data: [...files] },
              { name: "label", data: labels.map((label) => label ?? null) },
              { name: "embedding", data: rows.map((row) => Array.from(row)) },
            ],
          }),
        ),
      };
    case ".csv":
      return {
        [file]: text(
          ["file", "label", ...Array.from({ length: dimension }, (_, d) => String(d))],
          rows.map((row, i) => [files[i]!, labels[i] ?? "", ...Array.from(row, String)]),
        ),
      };
    default:
      throw new InvalidArgumentError(
        `writeEmbeddings: the file must end in ${EMBEDDING_FORMATS.join(", ")}; received ${file}. The ending chooses the format.`,
        { subject: "file", expected: EMBEDDING_FORMATS.join(", "), received: file },
      );
  }
}

const text = (header: readonly string[], rows: readonly (readonly string[])[]): Uint8Array =>
  new TextEncoder().encode(csv([header, ...rows]));
