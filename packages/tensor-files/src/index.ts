export {
  decodeForeignSafetensors,
  decodeSafetensors,
  encodeSafetensors,
  type ForeignSafetensors,
  type Safetensors,
} from "./safetensors.js";
export type { BundleEntry } from "./tensor-bundle/bundle-entry.js";
export { type GraphVariable, OBJECT_GRAPH_KEY, readObjectGraph } from "./tensor-bundle/object-graph.js";
export { openTensorBundle, type ReadShard, type TensorBundle } from "./tensor-bundle/tensor-bundle.js";
export { encodeTfRecord } from "./tf-record.js";
