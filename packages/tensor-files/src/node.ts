export { readWholeFile } from "./node/read-whole-file.js";
export { withTensorBundle } from "./node/with-tensor-bundle.js";
export { writeFilesAtomic } from "./node/write-files-atomic.js";
