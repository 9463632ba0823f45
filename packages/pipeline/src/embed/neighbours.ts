import { stat } from "node:fs/promises";
import { checkInteger } from "@simclr/core";
import { nearestNeighbours } from "@simclr/evaluate";
import type { TrainedModel } from "../predict/load-trained-model.js";
import { type Embeddings, embed } from "./embed.js";

export interface NeighboursOptions {
  readonly model: TrainedModel;
  /** Among these images, whatever `openDataset` takes. */
  readonly images: string;
  /** An image: its name among `images`, or a file. */
  readonly query: string;
  /** How many, >= 1. @defaultValue 10 */
  readonly k?: number;
  /** @defaultValue "error" */
  readonly onBroken?: "error" | "skip";
}

/** One neighbour, with the cosine between the representations, in [-1, 1]. */
export interface Neighbour {
  readonly file: string;
  readonly similarity: number;
  readonly label: string | undefined;
}

/**
 * The images most like one, by the cosine of their representations, the nearest first; not the image itself where it is
 * among them.
 *
 * @throws DataError if there are no images or one is broken; InvalidArgumentError if the query is no image.
 */
export async function neighbours(options: NeighboursOptions): Promise<readonly Neighbour[]> {
  const { model, images, query, k = 10, onBroken = "error" } = options;
  checkInteger("neighbours", { k }, 1);
  const all = await embed({ model, images, onBroken });
  const own = all.files.indexOf(query);
  const asked = own >= 0 ? rowOf(all, own) : await outside(model, images, query);
  const found = await nearestNeighbours({
    queries: asked,
    features: all.features,
    dimension: all.dimension,
    k: own >= 0 ? k + 1 : k,
  });
  return Array.from(found.indices, (row, i) => ({ row, similarity: found.similarities[i]! }))
    .filter(({ row }) => row !== own)
    .slice(0, k)
    .map(({ row, similarity }) => ({ file: all.files[row]!, similarity, label: all.labels[row] }));
}

const rowOf = ({ features, dimension }: Embeddings, row: number): Float32Array =>
  features.subarray(row * dimension, (row + 1) * dimension);

/** A file of its own, read with the folder that it lies in; or a misspelt name, which the images then refuse. */
async function outside(model: TrainedModel, images: string, query: string): Promise<Float32Array> {
  const isFile = await stat(query).then(
    (found) => found.isFile(),
    () => false,
  );
  const found = isFile ? await embed({ model, images: query }) : await embed({ model, images, only: query });
  return found.features;
}
