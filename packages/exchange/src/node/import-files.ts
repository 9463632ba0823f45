import { existsSync } from "node:fs";
import { join } from "node:path";
import { decodeForeignSafetensors } from "@simclr/tensor-files";
import { readWholeFile, withTensorBundle } from "@simclr/tensor-files/node";
import { type Imported, type ImportOfficialOptions, importOfficial } from "../import/import-official.js";
import { type ImportTorchOptions, importTorch } from "../import/import-torch.js";

/**
 * Imports a checkpoint of the official code by its prefix, such as `r50_1x_sk1/model.ckpt-250228`, or the folder of a
 * SavedModel.
 *
 * @throws CheckpointError like `importOfficial`.
 */
export function importTensorflow(path: string, options: ImportOfficialOptions = {}): Promise<Imported> {
  const variables = join(path, "variables", "variables");
  const prefix = existsSync(`${variables}.index`) ? variables : path.replace(/\.index$/, "");
  return withTensorBundle(prefix, (bundle) => importOfficial(bundle, prefix, options));
}

/** Imports a ResNet of torchvision or timm from a safetensors file. @throws CheckpointError like `importTorch`. */
export async function importTorchFile(path: string, options: ImportTorchOptions = {}): Promise<Imported> {
  return importTorch(decodeForeignSafetensors(await readWholeFile(path), path), path, options);
}
