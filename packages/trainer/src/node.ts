export { writeFileAtomic } from "./node/atomic-file.js";
export { type Checkpoint, type CheckpointMetadata, loadCheckpoint, saveCheckpoint } from "./node/checkpoint.js";
export {
  bestCheckpoint,
  type CheckpointEntry,
  type DamagedCheckpoint,
  type LatestCheckpoint,
  latestCheckpoint,
  listCheckpoints,
} from "./node/checkpoint-folder.js";
export { type BestBy, type CheckpointHookOptions, checkpointHook } from "./node/checkpoint-hook.js";
export { type CsvHookOptions, csvHook } from "./node/csv-hook.js";
export { type JsonlHookOptions, jsonlHook } from "./node/jsonl-hook.js";
export { type MemoryHookOptions, memoryHook } from "./node/memory-hook.js";
export { readEvaluations, readSteps } from "./node/read-steps.js";
export { type StopSignal, stopOnSignals } from "./node/stop-signal.js";
export type { EncodedImage } from "./node/tensorboard/event.js";
export { type Pictures, type TensorBoardHookOptions, tensorBoardHook } from "./node/tensorboard/tensorboard-hook.js";
export { type ProgressHookOptions, progressHook } from "./progress-hook.js";
