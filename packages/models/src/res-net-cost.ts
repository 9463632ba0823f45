import { describeResNet, type ResNetArchitecture } from "./architecture.js";
import { countParameters, type ParameterCount } from "./count-parameters.js";
import { blockCost, type MapShape, type PartCost, stemCost } from "./layer-cost.js";
import { makeResNetLayers } from "./res-net-layers.js";
import { listSpecs, type WeightSpec } from "./weight-spec.js";

/** A part of a network, what it needs for each image, and how many numbers it learns. */
export interface CountedPart extends PartCost, ParameterCount {}

/** What a ResNet needs, told from its architecture alone. */
export interface ResNetCost {
  /** The stem, then every block. */
  readonly parts: readonly CountedPart[];
  readonly convolutions: number;
  readonly batchNorms: number;
  /** For each image. */
  readonly multiplyAdds: number;
}

/**
 * Counts parameters, arithmetic and kept numbers of a ResNet without making it.
 *
 * @param imageSize - Height and width of the images, in pixels.
 * @throws InvalidArgumentError for an impossible architecture, or an image too small for the stem.
 */
export function resNetCost(architecture: ResNetArchitecture, imageSize: number): ResNetCost {
  const description = describeResNet({ ...architecture, imageSize });
  let layers: ReturnType<typeof makeResNetLayers<WeightSpec>> | undefined;
  const specs = listSpecs((make) => {
    layers = makeResNetLayers(make, description);
  });
  const { stem, groups } = layers!;
  const counted = (part: PartCost): CountedPart => {
    const own = specs.filter(({ name }) => name.startsWith(`${part.name}/`));
    return { ...part, ...countParameters(own) };
  };
  const images: MapShape = [imageSize, imageSize, description.channels];
  const parts = [counted(stemCost(`${description.name}/stem`, stem, images))];
  for (const block of groups.flat()) parts.push(counted(blockCost(block, parts.at(-1)!.output)));
  return {
    parts,
    convolutions: specs.filter(({ role, shape }) => role === "kernel" && shape.length === 4).length,
    batchNorms: specs.filter(({ role }) => role === "gamma").length,
    multiplyAdds: parts.reduce((sum, part) => sum + part.multiplyAdds, 0),
  };
}
