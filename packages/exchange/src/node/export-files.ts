import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@simclr/core";
import { readWholeFile, writeFilesAtomic } from "@simclr/tensor-files/node";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { encodeOnnxModel } from "../export/onnx/encode-onnx-model.js";
import { encodeTfjsModel } from "../export/tfjs/encode-tfjs-model.js";
import { type ExportCheck, verifyExport } from "../export/verify-export.js";
import type { Model } from "../model/model.js";
import { loadOnnxRuntime } from "./onnx-runtime.js";

/** What was written, and whether it was run. */
export interface ExportResult {
  readonly files: readonly string[];
  /** Undefined where the program that would run the export is not installed; `unverified` then says so. */
  readonly check: ExportCheck | undefined;
  readonly unverified?: string | undefined;
}

/**
 * Writes a model as one ONNX file, then runs that in onnxruntime-node, if it is installed, beside the model.
 *
 * @throws CheckpointError if it cannot be written, or does not compute what the model computes.
 * @throws InvalidArgumentError if the model uses an operation that cannot be exported.
 */
export async function exportOnnx(model: Model, file: string): Promise<ExportResult> {
  await write({ [file]: [await encodeOnnxModel(model)] });
  const runtime = await loadOnnxRuntime();
  if (typeof runtime === "string") return { files: [file], check: undefined, unverified: runtime };
  const session = await runtime.InferenceSession.create(file);
  try {
    const check = await verifyExport(model, file, async (images, shape) => {
      const results = await session.run({ images: new runtime.Tensor("float32", images, shape) });
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
    });
    return { files: [file], check };
  } finally {
    await session.release();
  }
}

/**
 * Writes a model as a folder with `model.json` and weight files for `tf.loadGraphModel`, then loads it from there and runs
 * it beside the model, on the current backend.
 *
 * @throws CheckpointError if it cannot be written, or does not compute what the model computes.
 * @throws InvalidArgumentError if the model uses an operation that cannot be exported.
 */
export async function exportTfjs(model: Model, folder: string): Promise<ExportResult> {
  const files = Object.entries(await encodeTfjsModel(model)).map(([name, bytes]) => [join(folder, name), [bytes]]);
  await write(Object.fromEntries(files));
  const graph = await loadGraphModel({ load: () => readTfjsModel(folder) });
  try {
    const check = await verifyExport(model, folder, async (images, shape) => {
      const input = tf.tensor4d(images, shape);
      const results = graph.predict({ images: input }) as tf.NamedTensorMap;
      const named = await Promise.all(
        Object.entries(results).map(async ([name, tensor]) => [name, (await tensor.data()) as Float32Array]),
      );
      tf.dispose([input, results]);
      return Object.fromEntries(named);
    });
    return { files: files.map(([path]) => path as string), check };
  } finally {
    graph.dispose();
  }
}

async function write(files: Record<string, readonly Uint8Array[]>): Promise<void> {
  const [first = ""] = Object.keys(files);
  await writeFilesAtomic(files).catch((cause: Error) => {
    throw new CheckpointError(`Cannot write ${first}: ${cause.message}. Check free space and permissions.`, {
      subject: first,
      cause,
    });
  });
}

/** The parts of a graph model, as an `IOHandler` gives them. */
async function readTfjsModel(folder: string): Promise<tf.io.ModelArtifacts> {
  const { modelTopology, weightsManifest, signature, format, userDefinedMetadata } = JSON.parse(
    await readFile(join(folder, "model.json"), "utf8"),
  ) as tf.io.ModelJSON;
  const shards: Uint8Array[] = [];
  for (const path of weightsManifest.flatMap(({ paths }) => paths))
    shards.push(await readWholeFile(join(folder, path)));
  return {
    ...({ modelTopology, signature, format, userDefinedMetadata } as tf.io.ModelArtifacts),
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    weightData: shards.map((shard) => shard.buffer as ArrayBuffer),
  };
}
