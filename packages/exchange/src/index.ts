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
