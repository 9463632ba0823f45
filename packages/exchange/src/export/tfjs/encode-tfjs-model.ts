import type { Model } from "../../model/model.js";
import { exportMetadata, INPUT_NAME, PRODUCER } from "../export-metadata.js";
import { traceModel } from "../trace/trace-model.js";
import { float, GraphBuilder, type GraphWeight } from "./graph-def.js";
import { GRAPH_KERNELS } from "./graph-kernels.js";

/** Longest weight file: browsers cache files of this size. */
const SHARD_BYTES = 4 * 2 ** 20;
/** Version of TensorFlow's graphs. */
const GRAPH_VERSION = 1482;

/** `model.json` and the weight files beside it, by name. */
export interface TfjsFiles {
  readonly [name: string]: Uint8Array;
}

/**
 * Writes a model in inference mode as a graph model of TensorFlow.js, for `tf.loadGraphModel`: input `images`, float32
 * `[N, H, W, C]` in [0, 1]; outputs `representation` and `logits` or `projection`, as far as the model has them.
 * Preprocessing and class names are in `userDefinedMetadata`.
 *
 * The current backend is changed while the model is traced, so nothing else may compute meanwhile.
 *
 * @throws InvalidArgumentError if the model uses an operation that cannot be exported.
 */
export async function encodeTfjsModel(model: Model): Promise<TfjsFiles> {
  const { input, nodes, constants, outputs } = await traceModel(model);
  const builder = new GraphBuilder(constants);
  const dimensions = ["-1", ...input.shape.slice(1).map(String)].map((size) => ({ size }));
  builder.nodes.push({
    name: INPUT_NAME,
    op: "Placeholder",
    attr: { dtype: float, shape: { shape: { dim: dimensions } } },
  });
  builder.bind(input, INPUT_NAME);
  for (const node of nodes) GRAPH_KERNELS[node.kernel]!(builder, node);
  const results = Object.entries(outputs).map(([name, id]) => {
    builder.nodes.push({ name, op: "Identity", input: [builder.nameOf(id)], attr: { T: float } });
    const sizes = ["-1", ...builder.shapeOf(id).slice(1).map(String)].map((size) => ({ size }));
    return [name, { name: `${name}:0`, dtype: "DT_FLOAT", tensorShape: { dim: sizes } }] as const;
  });
  const shards = shardsOf(builder.weights);
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const producer = `${PRODUCER.name} ${PRODUCER.version}`;
  const json = {
    format: "graph-model",
    generatedBy: producer,
    convertedBy: producer,
    signature: {
      inputs: { [INPUT_NAME]: { name: `${INPUT_NAME}:0`, dtype: "DT_FLOAT", tensorShape: { dim: dimensions } } },
      outputs: Object.fromEntries(results),
    },
    modelTopology: { node: builder.nodes, library: {}, versions: { producer: GRAPH_VERSION } },
    weightsManifest: [
      {
        paths,
        weights: builder.weights.map(({ name, shape, data }) => ({
          name,
          shape,
          dtype: data instanceof Int32Array ? "int32" : "float32",
        })),
      },
    ],
    // With these, predict gives the outputs by name.
    userDefinedMetadata: { ...exportMetadata(model), structuredOutputKeys: Object.keys(outputs) },
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(json)}\n`);
  return { "model.json": bytes, ...Object.fromEntries(paths.map((path, i) => [path, shards[i]!])) };
}

/** The values of all weights one after another, cut into files. */
function shardsOf(weights: readonly GraphWeight[]): Uint8Array[] {
  const total = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
  const shards: Uint8Array[] = [];
  for (let at = 0; at < total; at += SHARD_BYTES) shards.push(new Uint8Array(Math.min(SHARD_BYTES, total - at)));
  let at = 0;
  for (const { data } of weights) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let from = 0; from < bytes.length; ) {
      const [shard, offset] = [Math.floor(at / SHARD_BYTES), at % SHARD_BYTES];
      const length = Math.min(bytes.length - from, SHARD_BYTES - offset);
      shards[shard]!.set(bytes.subarray(from, from + length), offset);
      from += length;
      at += length;
    }
  }
  return shards;
}
