export { importTensorflow, importTorchFile } from "./node/import-files.js";
export { loadModel, saveModel } from "./node/model-files.js";
