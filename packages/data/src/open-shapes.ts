import { InvalidArgumentError } from "@simclr/core";
import type { OpenedDataset } from "./encoded-dataset.js";
import type { ResolvedOpenOptions } from "./open-options.js";
import { shapes } from "./shapes/index.js";

/** The path that means the built-in images; a folder of this name is `./shapes`. */
export const SHAPES_NAME = "shapes";

/** What says something about files only. */
const NOT_FOR_SHAPES = ["pattern", "labels", "range", "layout", "background", "classNames"] as const;

/** The built-in drawn images as an opened data set, which has nothing to skip or to ignore. */
export function openShapes(options: ResolvedOpenOptions): OpenedDataset {
  const { split, seed, limit, channels, onBroken } = options;
  const refused =
    NOT_FOR_SHAPES.find((name) => options[name] !== undefined) ?? (channels === 3 ? undefined : "channels");
  if (refused !== undefined)
    throw new InvalidArgumentError(
      `openDataset: \`${refused}\` does not apply to the built-in "shapes". Leave it out; a folder of that name is "./shapes".`,
      { subject: refused },
    );
  if (split !== "train" && split !== "test")
    throw new InvalidArgumentError(
      `openDataset: the built-in "shapes" have the splits "train" and "test"; received \`split\` "${split}". Choose one of the two.`,
      { subject: "split", expected: '"train" or "test"', received: split },
    );
  const dataset = shapes({ split, seed, ...(limit !== Number.POSITIVE_INFINITY && { size: limit }) });
  return { ...dataset, onBroken, skipped: [], ignored: [] };
}
