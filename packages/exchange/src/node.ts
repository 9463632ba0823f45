export { type ExportResult, exportOnnx, exportTfjs } from "./node/export-files.js";
export { importTensorflow, importTorchFile } from "./node/import-files.js";
export { loadModel, saveModel } from "./node/model-files.js";
