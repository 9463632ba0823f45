import type { Convolution } from "./convolution.js";
import type { NormalisedConvolution } from "./normalised-convolution.js";
import type { ResidualBlock } from "./residual-block.js";
import type { StemLayers } from "./stem.js";
import type { WeightSpec } from "./weight-spec.js";

/** Height, width and channels of a feature map. */
export type MapShape = readonly [height: number, width: number, channels: number];

/** What a part of a network needs for each image. */
export interface PartCost {
  /** First part of the names of its weights: `encoder/stem`, `encoder/group1/block0`. */
  readonly name: string;
  readonly input: MapShape;
  readonly output: MapShape;
  /** Multiplications with an addition, in convolutions and dense layers; all else is small beside them. */
  readonly multiplyAdds: number;
  /** Numbers that a training pass keeps for its backward pass, the input of the part not counted. */
  readonly kept: number;
  /** Numbers in the largest tensor of the part. */
  readonly largest: number;
}

const numbers = ([height, width, channels]: MapShape): number => height * width * channels;

/** Adds up what the layers of a part need, as they would run. */
class Meter {
  multiplyAdds = 0;
  kept = 0;
  largest = 0;

  keep(shape: MapShape, copies = 1): void {
    this.kept += copies * numbers(shape);
    this.largest = Math.max(this.largest, numbers(shape));
  }

  convolve({ kernel, stride }: Convolution<WeightSpec>, [height, width]: MapShape): MapShape {
    const [kernelHeight, kernelWidth, inputs, filters] = kernel.shape as [number, number, number, number];
    const output: MapShape = [Math.ceil(height / stride), Math.ceil(width / stride), filters];
    this.multiplyAdds += numbers(output) * kernelHeight * kernelWidth * inputs;
    this.keep(output);
    return output;
  }

  /** The batch norm keeps what the convolution gave, and its own result. */
  normalisedConvolve(layer: NormalisedConvolution<WeightSpec>, input: MapShape): MapShape {
    const output = this.convolve(layer.convolution, input);
    this.keep(output);
    return output;
  }
}

export function stemCost(
  name: string,
  { convolutions, poolPadding }: StemLayers<WeightSpec>,
  input: MapShape,
): PartCost {
  const meter = new Meter();
  let shape = input;
  for (const layer of convolutions) shape = meter.normalisedConvolve(layer, shape);
  if (poolPadding !== undefined) {
    shape = [Math.ceil(shape[0] / 2), Math.ceil(shape[1] / 2), shape[2]];
    meter.keep(shape);
  }
  return { name, input, output: shape, ...meter };
}

export function blockCost(block: ResidualBlock<WeightSpec>, input: MapShape): PartCost {
  const { name, shortcut, main, last, gate, drop } = block;
  const meter = new Meter();
  /** DropBlock keeps its mask, and its input and output twice. */
  const dropSome = (shape: MapShape): void => {
    if (drop !== undefined) meter.keep(shape, 4);
  };
  if (shortcut !== undefined) {
    const { poolStride, projection } = shortcut;
    const [height, width, channels] = input;
    const pooled: MapShape =
      poolStride === undefined ? input : [Math.ceil(height / poolStride), Math.ceil(width / poolStride), channels];
    if (poolStride !== undefined) meter.keep(pooled);
    dropSome(meter.normalisedConvolve(projection, pooled));
  }
  let shape = input;
  for (const layer of main) {
    if ("mix" in layer) {
      const both = meter.normalisedConvolve(layer.branches, shape); // [H, W, 2F]
      meter.keep(both); // the two halves
      const squeezed = meter.normalisedConvolve(layer.squeeze, [1, 1, both[2] / 2]);
      meter.convolve(layer.mix, squeezed);
      shape = [both[0], both[1], both[2] / 2];
      meter.keep(shape, 3); // the weighted halves and their sum
    } else shape = meter.normalisedConvolve(layer, shape);
    dropSome(shape);
  }
  const output = meter.normalisedConvolve(last, shape);
  dropSome(output);
  if (gate !== undefined) {
    const inside = meter.convolve(gate.reduce.convolution, [1, 1, output[2]]);
    meter.convolve(gate.expand.convolution, inside);
  }
  if (gate !== undefined || drop !== undefined) meter.keep(output, 2); // the gated map, and the sum before the ReLU
  return { name, input, output, ...meter };
}
