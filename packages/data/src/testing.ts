export { checkDataset, type DatasetCheckOptions, type DatasetPromise } from "./check-dataset.js";
