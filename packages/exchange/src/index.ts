export { encodeOnnxModel } from "./export/onnx/encode-onnx-model.js";
export { encodeTfjsModel, type TfjsFiles } from "./export/tfjs/encode-tfjs-model.js";
export { modelOutputs } from "./export/trace/trace-model.js";
export { type ExportCheck, type RunExport, verifyExport } from "./export/verify-export.js";
export { type Imported, type ImportOfficialOptions, importOfficial } from "./import/import-official.js";
export type { ImportReport } from "./import/import-report.js";
export { IMAGENET_NORMALISATION, type ImportTorchOptions, importTorch } from "./import/import-torch.js";
export {
  buildModel,
  classifierModel,
  type Model,
  type ModelCard,
  type ModelDescription,
  type ModelParts,
  model,
  networkOf,
  type Preprocessing,
} from "./model/model.js";
export { decodeModel, decodeModelFile, encodeModel, type ModelFile } from "./model/model-file.js";
