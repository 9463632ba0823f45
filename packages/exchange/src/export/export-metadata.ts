import manifest from "../../package.json" with { type: "json" };
import type { Model } from "../model/model.js";

/** Who writes exports. */
export const PRODUCER = { name: manifest.name, version: manifest.version };

/** Name of the images among the inputs of an export. */
export const INPUT_NAME = "images";

/** What a user of an export must know, as strings. */
export function exportMetadata({ preprocessing, classNames, origin, encoder }: Model): Record<string, string> {
  const { imageSize, cropFraction, resize } = preprocessing;
  const channels = encoder.input.channels;
  return {
    preprocessing:
      `float32 [N, ${imageSize}, ${imageSize}, ${channels}] (NHWC${channels === 3 ? ", RGB" : ""}) in [0, 1], not normalised: the central ` +
      `${cropFraction} of the shorter side, resized to ${imageSize} x ${imageSize} (${resize}), values divided by 255`,
    preprocessing_json: JSON.stringify(preprocessing),
    ...(classNames && { class_names: JSON.stringify(classNames) }),
    ...(origin !== undefined && { origin }),
  };
}
