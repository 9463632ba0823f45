import { InvalidArgumentError } from "@simclr/core";
import type { Model } from "../../model/model.js";
import { exportMetadata, INPUT_NAME, PRODUCER } from "../export-metadata.js";
import { traceModel } from "../trace/trace-model.js";
import { OnnxBuilder } from "./onnx-builder.js";
import { ONNX_KERNELS } from "./onnx-kernels.js";
import { encodeOnnx, type OnnxValue } from "./onnx-proto.js";

/** A protocol buffer cannot be longer. */
const MAX_BYTES = 2 ** 31;
const BATCH_NAME = "batch";

/**
 * Writes a model in inference mode as ONNX (opset 17): input `images`, float32 `[batch, H, W, C]` in [0, 1]; outputs
 * `representation` and `logits` or `projection`, as far as the model has them. Preprocessing and class names are in
 * `metadata_props`.
 *
 * The current backend is changed while the model is traced, so nothing else may compute meanwhile.
 *
 * @throws InvalidArgumentError if the model uses an operation that cannot be exported, or is larger than 2 GB.
 */
export async function encodeOnnxModel(model: Model): Promise<Uint8Array> {
  const { input, nodes, constants, outputs } = await traceModel(model);
  const bytes = constants.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes >= MAX_BYTES)
    throw new InvalidArgumentError(
      `Cannot export the model as ONNX: its weights take ${(bytes / 2 ** 30).toFixed(1)} GB, and a file may have 2. Export it with --format tfjs or safetensors.`,
      { subject: "model", expected: "less than 2 GB", received: `${bytes} bytes` },
    );
  const builder = new OnnxBuilder(input, INPUT_NAME, constants);
  for (const node of nodes) ONNX_KERNELS[node.kernel]!(builder, node);
  const results = Object.entries(outputs).map(([name, id]): OnnxValue => {
    builder.rename(id, name);
    return { name, shape: [BATCH_NAME, ...builder.shapeOf(id).slice(1)] };
  });
  return encodeOnnx({
    producer: PRODUCER,
    graphName: model.encoder.name,
    nodes: builder.nodes,
    initializers: builder.initializers,
    inputs: [{ name: INPUT_NAME, shape: [BATCH_NAME, ...input.shape.slice(1)] }],
    outputs: results,
    metadata: exportMetadata(model),
  });
}
