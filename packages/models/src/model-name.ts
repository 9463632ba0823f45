import { InvalidArgumentError } from "@simclr/core";
import { RESNET_BLOCKS, type ResNetDepth } from "./architecture.js";

/** What a short model name says. */
export interface NamedArchitecture {
  readonly depth: ResNetDepth;
  readonly widthMultiplier: number;
  readonly selectiveKernel: false;
}

const PATTERN = /^r(\d+)(?:_(\d+(?:\.\d+)?)x)?(?:_sk([01]))?$/;

/** The short name of an architecture: `r18_0.25x`, `r50_1x`. */
export function modelName({ depth, widthMultiplier }: Pick<NamedArchitecture, "depth" | "widthMultiplier">): string {
  return `r${depth}_${widthMultiplier}x`;
}

/**
 * Reads a short model name: depth, then width (`_1x` where absent), then, as in published checkpoints, `_sk0`.
 *
 * @example parseModelName("r18_0.25x") // { depth: 18, widthMultiplier: 0.25, selectiveKernel: false }
 * @throws InvalidArgumentError for a name of another form, an unknown depth, or selective kernels (`_sk1`).
 */
export function parseModelName(name: string): NamedArchitecture {
  const refuse = (expected: string, hint: string): never => {
    throw new InvalidArgumentError(`parseModelName: the model name must be ${expected}; received "${name}". ${hint}`, {
      subject: "name",
      expected,
      received: name,
    });
  };
  const match = PATTERN.exec(name);
  if (match === null) return refuse("r<depth>_<width>x", 'Write, for example, "r18_1x" or "r50_0.5x".');
  const [, depth, width = "1", selective = "0"] = match;
  if (!Object.hasOwn(RESNET_BLOCKS, depth!))
    return refuse("of a known ResNet", `Use a depth of ${Object.keys(RESNET_BLOCKS).join(", ")}.`);
  if (selective === "1")
    return refuse("without selective kernels", `They are not supported; use "${name.replace("_sk1", "")}" instead.`);
  return { depth: Number(depth) as ResNetDepth, widthMultiplier: Number(width), selectiveKernel: false };
}
