import { InvalidArgumentError } from "@simclr/core";
import type { DatasetFormat, ResolvedOpenOptions } from "./open-options.js";

type Option = "pattern" | "labels" | "range" | "layout" | "background" | "classNames";

/** Options that say something about some layouts only, and about which. */
const APPLIES: Readonly<Record<Option, readonly DatasetFormat[]>> = {
  pattern: ["tar", "parquet"],
  labels: ["folder", "splits", "tar", "npy"],
  range: ["npy"],
  layout: ["npy"],
  background: ["folder", "splits", "manifest", "tar", "parquet"],
  classNames: ["folder", "splits", "manifest", "tar", "parquet", "cifar10", "cifar100", "stl10", "npy"],
};

/** @throws InvalidArgumentError for an option that would be of no effect. */
export function checkApplicable(path: string, format: DatasetFormat, options: ResolvedOpenOptions): void {
  for (const [option, formats] of Object.entries(APPLIES) as [Option, readonly DatasetFormat[]][]) {
    if (options[option] === undefined || formats.includes(format)) continue;
    throw new InvalidArgumentError(
      `openDataset: \`${option}\` does not apply to ${path}, which has the format "${format}". Leave it out; it is for ${formats.map((each) => `"${each}"`).join(", ")}.`,
      { subject: option, expected: `a data set of format ${formats.join(" or ")}`, received: format },
    );
  }
}
