import { InvalidArgumentError } from "@simclr/core";
import { hasBottlenecks, RESNET_BLOCKS, type ResNetDepth } from "./architecture.js";

/** What a short model name says. */
export interface NamedArchitecture {
  readonly depth: ResNetDepth;
  readonly widthMultiplier: number;
  readonly selectiveKernel: boolean;
}

const PATTERN = /^r(\d+)(?:_(\d+(?:\.\d+)?)x)?(?:_sk([01]))?$/;
/** Anything with a depth, perhaps a width, perhaps a word about selective kernels, such as `ResNet-50 (2x, SK)`. */
const LOOSE = /^\D*(\d+)(?:\D+(\d+(?:\.\d+)?)x?(?![\d.]))?/i;
const DEPTHS = Object.keys(RESNET_BLOCKS);
/** The names under which the paper's networks were published. */
export const PUBLISHED_MODELS: readonly string[] = [
  ...[50, 101, 152].flatMap((depth) =>
    [1, 2].flatMap((width) => [`r${depth}_${width}x_sk0`, `r${depth}_${width}x_sk1`]),
  ),
  "r152_3x_sk1",
];

/** The short name of an architecture: `r18_0.25x`, `r50_1x`, `r50_2x_sk1`. */
export function modelName({
  depth,
  widthMultiplier,
  selectiveKernel = false,
}: Pick<NamedArchitecture, "depth" | "widthMultiplier"> & Partial<NamedArchitecture>): string {
  return `r${depth}_${widthMultiplier}x${selectiveKernel ? "_sk1" : ""}`;
}

/**
 * Reads a short model name: depth, then width (`_1x` where absent), then `_sk0` or `_sk1` (`_sk0` where absent).
 *
 * @example parseModelName("r50_2x_sk1") // { depth: 50, widthMultiplier: 2, selectiveKernel: true }
 * @throws InvalidArgumentError for a name of another form, an unknown depth, or selective kernels in a network without
 * bottlenecks; with the nearest name that would do.
 */
export function parseModelName(name: string): NamedArchitecture {
  const refuse = (expected: string): never => {
    const hint = `Did you mean "${nearestName(name)}"? Depths: ${DEPTHS.join(", ")}; published: ${PUBLISHED_MODELS.join(", ")}.`;
    throw new InvalidArgumentError(`parseModelName: the model name must be ${expected}; received "${name}". ${hint}`, {
      subject: "name",
      expected,
      received: name,
    });
  };
  const match = PATTERN.exec(name);
  if (match === null) return refuse("r<depth>[_<width>x][_sk0|_sk1]");
  const [, depth, width = "1", selective = "0"] = match;
  if (!Object.hasOwn(RESNET_BLOCKS, depth!)) return refuse("of a known ResNet");
  const architecture = { depth: Number(depth) as ResNetDepth, widthMultiplier: Number(width) };
  const selectiveKernel = selective === "1";
  if (selectiveKernel && !hasBottlenecks(architecture.depth))
    return refuse(`without selective kernels, which need bottlenecks and ResNet-${depth} has none`);
  return { ...architecture, selectiveKernel };
}

/** The name that a person may have meant: the numbers found in what was written, with the nearest depth there is. */
function nearestName(name: string): string {
  const [, depth = "50", width = "1"] = LOOSE.exec(name) ?? [];
  const distance = (known: string): number => Math.abs(Number(known) - Number(depth));
  const nearest = DEPTHS.reduce((best, known) => (distance(known) < distance(best) ? known : best));
  const found = Number(nearest) as ResNetDepth;
  const wantsSelective = /sk(?!_?0)/i.test(name) && hasBottlenecks(found);
  const widthMultiplier = Number(width) > 0 ? Number(width) : 1;
  return modelName({ depth: found, widthMultiplier, selectiveKernel: wantsSelective });
}
