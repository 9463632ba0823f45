export { AUTO_ORDER, type BackendName, type BackendOptions } from "./candidates.js";
export {
  type BackendDescription,
  type BackendMemory,
  backendFacts,
  describeBackend,
} from "./describe-backend.js";
export { selfTest } from "./self-test.js";
export { type LinkedTensorflow, type LinkOptions, linkTensorflow } from "./tensorflow/link-tensorflow.js";
export { type Attempt, type BackendReport, useBackend } from "./use-backend.js";
