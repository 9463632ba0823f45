import { ConfigError } from "@simclr/core";
import { losses, type PairLoss } from "@simclr/losses";
import type * as tf from "@tensorflow/tfjs-core";
import type { PartSpec } from "../config/schema.js";
import { checkOptionNames, inPlace, lookUp, readSpec } from "./build-recipe.js";
import type { LoadedPlugin } from "./load-plugins.js";
import type { Parts } from "./parts.js";

/** A loss of two projections, with the configuration's options. */
export interface BuiltLoss {
  readonly loss: PairLoss;
  /** The plugin that it comes from; undefined where it is built in. */
  readonly fromPlugin: LoadedPlugin | undefined;
  /** The loss of the projections of two views, float32 [N, D] each. */
  readonly ofViews: (z1: tf.Tensor2D, z2: tf.Tensor2D) => tf.Scalar;
}

/**
 * The loss that a configuration names for pretraining.
 *
 * @param place - Where in the configuration, for messages.
 * @throws ConfigError if the name or an option is unknown, an option is of the wrong kind, or the loss takes other inputs.
 */
export function buildLoss(spec: PartSpec, place: string, parts: Parts): BuiltLoss {
  const { name, options } = readSpec(spec, place);
  if (name === "nt-xent")
    throw new ConfigError(
      `${place}: NT-Xent is the loss that pretraining takes without \`loss\`. Remove it, and set \`method.temperature\` and \`method.scale\`.`,
      { subject: place, received: name },
    );
  if (name in losses && !parts.losses.has(name))
    throw new ConfigError(
      `${place}: the loss "${name}" needs more than the projections of two views. Take one of ${[...parts.losses.keys()].join(", ")}.`,
      { subject: place, expected: [...parts.losses.keys()].join(", "), received: name },
    );
  const named = lookUp(name, parts.losses, "loss", place);
  checkOptionNames(named, options, place);
  const loss = inPlace(place, () => named.loss.with(options));
  return { loss, fromPlugin: parts.pluginOf("loss", name), ofViews: (z1, z2) => loss.loss([z1, z2]) };
}
