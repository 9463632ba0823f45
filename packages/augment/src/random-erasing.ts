import { type CropBox, checkInRange, InvalidArgumentError, type Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { fillBoxes } from "./box-mask.js";
import { drawEach, mapDrawn, type ParameterRange, rangeOf } from "./per-image.js";

/** Boxes drawn before an image is left alone, as in torchvision. */
const ATTEMPTS = 10;

export interface RandomErasingOptions {
  /** Chance that an image loses a box, in [0, 1]. @defaultValue 0.5 */
  readonly probability?: number;
  /** Area of the box as a fraction of the image's, within (0, 1). @defaultValue [0.02, 0.33] */
  readonly area?: ParameterRange;
  /** Width / height of the box, > 0; drawn evenly on a logarithmic scale. @defaultValue [0.3, 3.3] */
  readonly aspect?: ParameterRange;
  /** What the box shows: one value in [0, 1], or noise, even in [0, 1]. @defaultValue 0 */
  readonly fill?: number | "noise";
}

/**
 * Hides a random box of an image, all of which lies within it. Takes any C. Records `applied`, and `top`, `left`,
 * `height` and `width` in pixels.
 *
 * A box that does not fit is drawn again, up to ten times; then the image stays as it is. Cutout is
 * `randomErasing({ probability: 1, area: 0.25, aspect: 1 })`, but for the paper's holes that stick out of the image.
 *
 * @throws InvalidArgumentError if an option leaves its range.
 * @see Zhong et al. 2020, arXiv:1708.04896; DeVries and Taylor 2017, arXiv:1708.04552; `torchvision.RandomErasing`
 */
export function randomErasing(options: RandomErasingOptions = {}): Augmentation {
  const { probability = 0.5, area = [0.02, 0.33], aspect = [0.3, 3.3], fill = 0 } = options;
  checkInRange("randomErasing", { probability }, 0, 1);
  const areas = rangeOf("randomErasing", { area }, 0, 1, "It is a fraction of the image's area.");
  const aspects = rangeOf("randomErasing", { aspect }, 0, Number.POSITIVE_INFINITY, "It is width / height.");
  if (areas[0] === 0 || areas[1] === 1 || aspects[0] === 0)
    throw new InvalidArgumentError(
      `randomErasing: \`area\` must lie within (0, 1) and \`aspect\` be > 0; received area [${areas.join(", ")}] and aspect [${aspects.join(", ")}]. Lower \`probability\` to erase less often.`,
      { subject: "area, aspect", expected: "0 < area < 1, aspect > 0", received: `${areas.join()}; ${aspects.join()}` },
    );
  if (fill !== "noise") checkInRange("randomErasing", { fill }, 0, 1, 'Or pass "noise".');
  return defineAugmentation({
    name: "randomErasing",
    apply: (images, context) => {
      const [, height, width] = images.shape;
      const drawn = drawEach(context, probability, (random) => drawBox(random, areas, aspects, height, width));
      return mapDrawn(images, drawn, (group, boxes, places) => {
        if (fill !== "noise") return fillBoxes(group, boxes, fill);
        const randoms = places.map((place) => context.randoms[place]!.fork("fill"));
        return fillBoxes(group, boxes, noiseIn(boxes, randoms, group.shape));
      });
    },
  });
}

type ErasedBox = CropBox & Readonly<Record<string, number>>;

function drawBox(
  random: Random,
  area: readonly [number, number],
  aspect: readonly [number, number],
  height: number,
  width: number,
): ErasedBox | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const pixels = random.uniform(...area) * height * width;
    const ratio = Math.exp(random.uniform(Math.log(aspect[0]), Math.log(aspect[1])));
    const box = { height: Math.round(Math.sqrt(pixels / ratio)), width: Math.round(Math.sqrt(pixels * ratio)) };
    if (box.height < 1 || box.width < 1 || box.height >= height || box.width >= width) continue;
    const top = random.integer(0, height - box.height + 1);
    const left = random.integer(0, width - box.width + 1);
    return { top, left, ...box };
  }
  return undefined;
}

/** Noise in each image's box, and nothing elsewhere. */
function noiseIn(
  boxes: readonly CropBox[],
  randoms: readonly Random[],
  shape: [number, number, number, number],
): tf.Tensor4D {
  const [batchSize, height, width, channels] = shape;
  const values = new Float32Array(batchSize * height * width * channels);
  for (const [i, box] of boxes.entries())
    for (let y = box.top; y < box.top + box.height; y++) {
      const start = ((i * height + y) * width + box.left) * channels;
      for (let k = start; k < start + box.width * channels; k++) values[k] = randoms[i]!.uniform();
    }
  return tf.tensor4d(values, shape);
}
