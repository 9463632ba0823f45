import { CheckpointError } from "@simclr/core";
import type { Definitions } from "@simclr/models";
import { readWholeFile, writeFilesAtomic } from "@simclr/tensor-files/node";
import type { Model } from "../model/model.js";
import { decodeModel, encodeModel } from "../model/model-file.js";

/**
 * Writes a model as a safetensors file that describes itself; it appears whole or not at all.
 *
 * @throws CheckpointError if it cannot be written.
 */
export async function saveModel(path: string, model: Model): Promise<void> {
  const pieces = await encodeModel(model);
  await writeFilesAtomic({ [path]: pieces }).catch((cause: Error) => {
    throw new CheckpointError(`Cannot write ${path}: ${cause.message}. Check free space and permissions.`, {
      subject: path,
      cause,
    });
  });
}

/**
 * Loads what `saveModel` wrote and verifies every byte of it. The caller disposes the model.
 *
 * @param definitions - What encoders and heads of one's own are built by.
 * @throws CheckpointError if the file is missing, of another program, cut short or altered; InvalidArgumentError if a
 * definition is missing.
 */
export async function loadModel(path: string, definitions?: Definitions): Promise<Model> {
  return decodeModel(await readWholeFile(path), path, definitions);
}
