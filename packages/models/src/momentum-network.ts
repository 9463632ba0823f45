import { checkInRange, InvalidArgumentError, type Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Encoder } from "./encoder.js";
import type { Module } from "./module.js";
import type { ProjectionHead } from "./projection-head.js";

/** What is followed. */
export interface NetworkParts {
  readonly encoder: Encoder;
  readonly head: ProjectionHead;
}

/** An encoder and a head whose trained weights are a moving average of another network's. */
export interface MomentumNetwork extends Module, NetworkParts {
  /**
   * Moves every trained weight: `momentum · own + (1 - momentum) · followed`. Running statistics do not move: they are
   * those of this network's own forward passes, if it is given a `BatchStatistics` to record them.
   *
   * @param momentum - In [0, 1].
   */
  follow(momentum: number): void;
}

/**
 * The momentum network ("target" in BYOL, "key encoder" in MoCo, "memory network" in SimCLRv2): starts as a copy of the
 * network it follows, and no gradient reaches it. Its weights are called `<name>/<name of the followed weight>`.
 *
 * @param followed - Borrowed; read again at every `follow`.
 * @returns A network that owns its weights: dispose it.
 * @see He et al. 2019, arXiv:1911.05722, Eq. 2; Grill et al. 2020, arXiv:2006.07733, section 3.1
 */
export function momentumNetwork(followed: NetworkParts, name = "momentum"): MomentumNetwork {
  const encoder = followed.encoder.twin(`${name}/${followed.encoder.name}`, "zeros"); // every value is overwritten below
  const head = followed.head.twin(`${name}/${followed.head.describe().name}`, "zeros");
  const weights = [...encoder.weights, ...head.weights];
  const pairs = pairUp(name, weights, [...followed.encoder.weights, ...followed.head.weights]);
  for (const [own, theirs] of pairs) own.variable.assign(theirs.variable);
  const trained = pairs.filter(([{ role }]) => role !== "statistic");
  return {
    encoder,
    head,
    weights,
    follow(momentum) {
      checkInRange("momentumNetwork", { momentum }, 0, 1);
      tf.tidy(() => {
        for (const [{ variable }, theirs] of trained)
          variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(theirs.variable, 1 - momentum)));
      });
    },
    dispose() {
      encoder.dispose();
      head.dispose();
    },
  };
}

function pairUp(name: string, own: readonly Weight[], followed: readonly Weight[]): (readonly [Weight, Weight])[] {
  return own.map((weight, i) => {
    const other = followed[i];
    if (other !== undefined && weight.name === `${name}/${other.name}`) return [weight, other] as const;
    throw new InvalidArgumentError(
      `momentumNetwork: the followed network must have the weights of its twin; its weight ${i} is "${other?.name ?? "missing"}", expected "${weight.name.slice(name.length + 1)}". Correct its twin().`,
      { subject: "followed", expected: weight.name, received: other?.name ?? "missing" },
    );
  });
}
