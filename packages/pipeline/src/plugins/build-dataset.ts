import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { ConfigError, type Dataset } from "@simclr/core";
import { type DatasetSplit, type DefinedDataset, subset } from "@simclr/data";
import { isHoldOut } from "../config/data.js";
import type { Config } from "../config/schema.js";
import { checkOptionNames, inPlace, lookUp, readSpec } from "./build-recipe.js";
import { ofPlugin } from "./check-parts.js";
import type { LoadedPlugin } from "./load-plugins.js";
import type { Parts } from "./parts.js";

/** What a configuration says of its images: a path, or a data set of a plugin. */
export type ImagesSpec = Config["data"]["train"];

/** How files are read, which says nothing about a plugin's images. */
const OF_FILES = ["format", "columns", "classNames", "range", "layout", "background"] as const;

/** @throws ConfigError if a data set or an option is unknown, or a setting says nothing about any of them. */
export function checkImagesSpecs({ data }: Config, parts: Parts): void {
  const { train, test } = data;
  for (const [place, spec, labels] of [
    ["train", train, "labels"],
    ["test", test, "testLabels"],
  ] as const) {
    if (typeof spec === "string" || isHoldOut(spec)) continue;
    const { name } = chosen(spec, `data.${place}`, parts);
    if (data[labels] !== undefined) throw notOfFiles(labels, `data.${place}`, name);
  }
  if (isHoldOut(test)) checkHeldOut(data);
  if (typeof train === "string" || typeof test === "string" || isHoldOut(test)) return;
  const setting = OF_FILES.find((key) => data[key] !== undefined);
  if (setting !== undefined) throw notOfFiles(setting, "data.train and data.test", train.name);
}

/** What is said of test images says nothing where they are training images. */
function checkHeldOut({ testLabels, testLimit }: Config["data"]): void {
  if (testLabels !== undefined)
    throw new ConfigError(
      "data.testLabels: the test images are held out of the training images, with their labels. Remove data.testLabels.",
      { subject: "data.testLabels" },
    );
  if (testLimit !== undefined)
    throw new ConfigError(
      "data.testLimit: the test images are held out of the training images. Remove data.testLimit, and make data.test.holdOut smaller.",
      { subject: "data.testLimit" },
    );
}

/** Opens a plugin's images; the fingerprint covers the plugin's file, so that no pixels outlive a change of it. */
export async function openPluginImages(
  spec: Exclude<ImagesSpec, string>,
  place: "data.train" | "data.test",
  { data }: Config,
  parts: Parts,
): Promise<Dataset> {
  const definition = chosen(spec, place, parts);
  const plugin = parts.pluginOf("dataset", definition.name) as LoadedPlugin;
  const isTraining = place === "data.train";
  const split: DatasetSplit = isTraining ? data.split : data.testSplit;
  const folder = resolve(data.root ?? ".");
  const opened = await ofPlugin(plugin, () => definition.open({ split, folder, channels: data.channels }));
  const fingerprint = createHash("sha256").update(`${plugin.sha256} ${opened.fingerprint}`).digest("hex");
  const whole = { ...opened, fingerprint };
  const limit = isTraining ? data.limit : data.testLimit;
  if (limit === undefined || limit >= whole.size) return whole;
  const first = subset(
    whole,
    Int32Array.from({ length: limit }, (_, i) => i),
  );
  return { ...first, close: whole.close };
}

function chosen(spec: Exclude<ImagesSpec, string>, place: string, parts: Parts): DefinedDataset {
  const { name, options } = readSpec(spec, place);
  const definition = lookUp(name, parts.datasets, "data set", place);
  checkOptionNames({ name, optionNames: Object.keys(definition.options) }, options, place);
  return inPlace(place, () => definition.with(options));
}

function notOfFiles(setting: string, place: string, name: string): ConfigError {
  return new ConfigError(
    `data.${setting}: it says how files are read, but the images of ${place} come from the data set "${name}" of a plugin. Remove it, or give it as an option of the data set.`,
    { subject: `data.${setting}`, expected: "no such setting" },
  );
}
