import { assignWeights, CheckpointError, type NamedArrays, readWeights } from "@simclr/core";
import type { Definitions } from "@simclr/models";
import { decodeSafetensors, encodeSafetensors } from "@simclr/tensor-files";
import manifest from "../../package.json" with { type: "json" };
import { sha256 } from "./digest.js";
import { buildModel, type Model, type ModelCard, type ModelDescription } from "./model.js";

const FORMAT = "simclr-model";
const FORMAT_VERSION = "1";
const REMEDY = "Copy or save it again.";

/** What a model file says, verified. */
export interface ModelFile extends ModelCard {
  readonly description: ModelDescription;
  readonly arrays: NamedArrays;
}

/**
 * Writes a model as a safetensors file that describes itself: the metadata hold the architecture, the preprocessing, the
 * class names, who wrote it, and the SHA-256 of every tensor and of all that.
 *
 * @returns The file in consecutive pieces.
 */
export async function encodeModel(model: Model): Promise<Uint8Array[]> {
  const arrays = await readWeights(model.weights);
  const { preprocessing, classNames, origin } = model;
  const metadata: Record<string, string> = {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    writer: `${manifest.name} ${manifest.version}`,
    model: JSON.stringify(model.describe()),
    preprocessing: JSON.stringify(preprocessing),
    ...(classNames && { classNames: JSON.stringify(classNames) }),
    ...(origin !== undefined && { origin }),
    tensors: JSON.stringify(await tensorDigests(arrays)),
  };
  return encodeSafetensors({ arrays, metadata: { ...metadata, checksum: await checksumOf(metadata, arrays) } });
}

/**
 * Reads a model file and verifies every byte of it.
 *
 * @param where - Name of the file, for messages.
 * @throws CheckpointError if the file is another one, was cut short or altered, naming the tensor.
 */
export async function decodeModelFile(bytes: Uint8Array, where: string): Promise<ModelFile> {
  const { arrays, metadata } = decodeSafetensors(bytes, where);
  const refuse = (problem: string, remedy = REMEDY): never => {
    throw new CheckpointError(`The model ${where} cannot be used: ${problem}. ${remedy}`, { subject: where });
  };
  if (metadata.format !== FORMAT)
    return refuse(
      "it does not describe itself as a model of simclr",
      "Import files of other programs with simclr import, or importTorch.",
    );
  if (metadata.formatVersion !== FORMAT_VERSION)
    return refuse(
      `it has format version ${metadata.formatVersion}, this program reads version ${FORMAT_VERSION}`,
      "Use the release of simclr that wrote it.",
    );
  const { checksum, ...rest } = metadata;
  if (checksum !== (await checksumOf(rest, arrays)))
    refuse("its description was altered (the checksum does not match)");
  const expected: Readonly<Record<string, string>> = JSON.parse(rest.tensors!);
  for (const [name, digest] of Object.entries(await tensorDigests(arrays)))
    if (digest !== expected[name]) refuse(`the tensor "${name}" was altered (its SHA-256 does not match)`);
  return {
    description: JSON.parse(rest.model!),
    preprocessing: JSON.parse(rest.preprocessing!),
    ...(rest.classNames !== undefined && { classNames: JSON.parse(rest.classNames) }),
    origin: rest.origin,
    arrays,
  };
}

/**
 * Builds the model that a file describes, with the file's weights. The caller disposes it.
 *
 * @param where - Name of the file, for messages.
 * @param definitions - What encoders and heads of one's own are built by.
 * @throws CheckpointError like `decodeModelFile`; InvalidArgumentError if a definition is missing.
 */
export async function decodeModel(bytes: Uint8Array, where: string, definitions?: Definitions): Promise<Model> {
  const { description, arrays, ...card } = await decodeModelFile(bytes, where);
  const model = buildModel(description, card, definitions);
  try {
    assignWeights(model.weights, arrays, where);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

async function tensorDigests(arrays: NamedArrays): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const name of Object.keys(arrays).sort()) {
    const { data } = arrays[name]!;
    digests[name] = await sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return digests;
}

/** Over all metadata and the shapes, so that a header that was edited is noticed. */
async function checksumOf(metadata: Readonly<Record<string, string>>, arrays: NamedArrays): Promise<string> {
  const entries = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const shapes = Object.keys(arrays)
    .sort()
    .map((name) => [name, arrays[name]!.shape]);
  return sha256(new TextEncoder().encode(JSON.stringify([entries, shapes])));
}
