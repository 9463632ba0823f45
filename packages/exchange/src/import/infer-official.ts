import { CheckpointError } from "@simclr/core";
import {
  modelName,
  type NamedArchitecture,
  type ResNetArchitecture,
  type ResNetDepth,
  resNetWeightSpecs,
} from "@simclr/models";
import type { OfficialVariable } from "./official-names.js";

const DEPTHS: readonly ResNetDepth[] = [18, 34, 50, 101, 152, 200];
const BASE_FILTERS = 64;

/** What a checkpoint tells of its encoder. */
export interface OfficialArchitecture extends ResNetArchitecture, NamedArchitecture {
  readonly depth: ResNetDepth;
  readonly widthMultiplier: number;
  readonly selectiveKernel: boolean;
}

/** An architecture and how many layers it has. */
interface Candidate {
  readonly architecture: OfficialArchitecture;
  readonly convolutions: number;
  readonly norms: number;
}

/**
 * Finds the architecture of an official checkpoint from the number of its layers and the shape of its first kernel.
 *
 * @param encoder - The encoder's variables.
 * @param stemShape - Shape of the first convolution's kernel, `[kh, kw, channels, filters]`.
 * @throws CheckpointError if no architecture comes near.
 */
export function inferOfficial(
  where: string,
  encoder: readonly OfficialVariable[],
  stemShape: readonly number[],
): OfficialArchitecture {
  const count = (layer: OfficialVariable["layer"]): number =>
    new Set(encoder.filter((variable) => variable.layer === layer).map(({ index }) => index)).size;
  const [convolutions, norms] = [count("convolution"), count("norm")];
  const [size = 0, , channels = 3, filters = 0] = stemShape;
  // Without selective kernels the stems have equally many layers, but kernels of 7 and 3.
  const stems = size === 7 ? (["imagenet"] as const) : (["imagenet", "cifar"] as const);
  const candidates = DEPTHS.flatMap((depth) => [false, true].map((selectiveKernel) => ({ depth, selectiveKernel })))
    .filter(({ depth, selectiveKernel }) => !selectiveKernel || depth >= 50)
    .flatMap((kind) => stems.map((stem) => ({ ...kind, stem })))
    .filter(({ selectiveKernel, stem }) => selectiveKernel || (stem === "imagenet") === (size === 7))
    .map((kind): Candidate => {
      const isDeepStem = kind.selectiveKernel && kind.stem === "imagenet";
      const widthMultiplier = filters / (isDeepStem ? BASE_FILTERS / 2 : BASE_FILTERS);
      const specs = resNetWeightSpecs({ ...kind });
      return {
        architecture: { ...kind, widthMultiplier, channels },
        convolutions: specs.filter(({ role }) => role === "kernel").length,
        norms: specs.filter(({ role }) => role === "gamma").length,
      };
    });
  const distance = (candidate: Candidate): number =>
    Math.abs(candidate.convolutions - convolutions) + Math.abs(candidate.norms - norms);
  const best = candidates.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  // A few tensors may be missing: the check that follows names them.
  if (distance(best) > 8)
    throw new CheckpointError(
      `${where}: ${convolutions} convolutions and ${norms} batch norms belong to no known architecture; the nearest is ` +
        `${modelName(best.architecture)} with ${best.convolutions} and ${best.norms}. Give a checkpoint of the official SimCLR code.`,
      { subject: where },
    );
  return best.architecture;
}
