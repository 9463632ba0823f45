import { baseFilters, RESNET_BLOCKS, type ResNetDescription } from "./architecture.js";
import { blockOutputs, makeResidualBlock, type ResidualBlock } from "./residual-block.js";
import { makeStem, type StemLayers } from "./stem.js";
import type { MakeWeight } from "./weight-spec.js";

/** The layers of a ResNet, over real weights or over their specifications. */
export interface ResNetLayers<W> {
  readonly stem: StemLayers<W>;
  /** Blocks of the four groups. */
  readonly groups: readonly (readonly ResidualBlock<W>[])[];
}

/** Makes all weights in the reference's order: stem, then block after block. */
export function makeResNetLayers<W>(make: MakeWeight<W>, description: ResNetDescription): ResNetLayers<W> {
  const { name, depth, channels, selectiveKernel, squeezeExcitation, dropBlock, variant } = description;
  const base = baseFilters(description);
  const stem = makeStem(make, {
    name: `${name}/stem`,
    stem: description.stem,
    channels,
    filters: base,
    isDeep: selectiveKernel,
    // TensorFlow's SAME pads an even input by 0 before and 1 after, where PyTorch's networks pad 1 and 1.
    poolPadding: variant === "torchvision" ? 1 : "same",
  });
  const { block, counts } = RESNET_BLOCKS[depth];
  let inputs = base;
  const groups = counts.map((count, group) => {
    const filters = base * 2 ** group;
    return Array.from({ length: count }, (_, index) => {
      const isFirst = index === 0;
      const made = makeResidualBlock(make, {
        name: `${name}/group${group + 1}/block${index}`,
        block,
        inputs,
        filters,
        stride: isFirst && group > 0 ? 2 : 1,
        useProjection: isFirst && (variant !== "torchvision" || group > 0 || block === "bottleneck"),
        useSelectiveKernel: selectiveKernel,
        squeezeExcitation,
        drop: dropBlock && { keepProbability: dropBlock.keepProbabilities[group]!, size: dropBlock.size },
      });
      inputs = blockOutputs(block, filters);
      return made;
    });
  });
  return { stem, groups };
}
