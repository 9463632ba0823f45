import type * as tf from "@tensorflow/tfjs-core";
import { barlowTwins } from "./barlow-twins.js";
import { byolRegression } from "./byol-regression.js";
import { softmaxCrossEntropy } from "./cross-entropy.js";
import { decoupledNtXent } from "./decoupled-nt-xent.js";
import { defineLoss, type Loss } from "./define-loss.js";
import { distillationLoss } from "./distillation.js";
import { momentumContrast } from "./momentum-contrast.js";
import { type NtXentLossOptions, ntXentLoss } from "./nt-xent.js";
import { simSiam } from "./sim-siam.js";
import { supCon } from "./sup-con.js";
import { swav } from "./swav.js";
import { type TripletOptions, triplet } from "./triplet.js";
import { vicReg } from "./vic-reg.js";

type Two = readonly [tf.Tensor2D, tf.Tensor2D];
type Three = readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
type Four = readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
type Labelled = readonly [z: tf.Tensor2D, labels: tf.Tensor1D];

/**
 * Every built-in loss by its name, with its inputs as one tuple and its options as plain data: what a program that
 * takes the loss from a configuration needs. Importing this table imports all of them.
 *
 * @example losses["nt-xent"].loss([z1, z2], { temperature: 0.5 })
 */
export const losses = {
  "nt-xent": defineLoss({
    name: "nt-xent",
    options: { temperature: 0.1, scale: "paper" } as Required<Pick<NtXentLossOptions, "temperature" | "scale">>,
    loss: ([z1, z2]: Two, options) => ntXentLoss(z1, z2, options),
  }),
  "decoupled-nt-xent": defineLoss({
    name: "decoupled-nt-xent",
    options: { temperature: 0.1 },
    loss: ([z1, z2]: Two, options) => decoupledNtXent(z1, z2, options),
  }),
  "sup-con": defineLoss({
    name: "sup-con",
    options: { temperature: 0.1 },
    loss: ([z, labels]: Labelled, options) => supCon(z, labels, options),
  }),
  "momentum-contrast": defineLoss({
    name: "momentum-contrast",
    options: { temperature: 0.07, batchNegatives: false },
    loss: ([query, key, queue]: Three, options) => momentumContrast(query, key, queue, options),
  }),
  triplet: defineLoss({
    name: "triplet",
    options: { margin: 0.2, mining: "semi-hard" } as Required<TripletOptions>,
    loss: ([z, labels]: Labelled, options) => triplet(z, labels, options),
  }),
  "byol-regression": defineLoss({
    name: "byol-regression",
    loss: ([prediction, target]: Two) => byolRegression(prediction, target),
  }),
  "sim-siam": defineLoss({
    name: "sim-siam",
    loss: ([p1, p2, z1, z2]: Four) => simSiam(p1, p2, z1, z2),
  }),
  "barlow-twins": defineLoss({
    name: "barlow-twins",
    options: { redundancyWeight: 0.005 },
    loss: ([z1, z2]: Two, options) => barlowTwins(z1, z2, options),
  }),
  "vic-reg": defineLoss({
    name: "vic-reg",
    options: { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 1, targetDeviation: 1 },
    loss: ([z1, z2]: Two, options) => vicReg(z1, z2, options),
  }),
  swav: defineLoss({
    name: "swav",
    options: { temperature: 0.1, epsilon: 0.05, iterations: 3 },
    loss: ([z1, z2, prototypes]: Three, options) => swav(z1, z2, prototypes, options),
  }),
  "softmax-cross-entropy": defineLoss({
    name: "softmax-cross-entropy",
    options: { labelSmoothing: 0 },
    loss: ([logits, labels]: Two, options) => softmaxCrossEntropy(logits, labels, options),
  }),
  distillation: defineLoss({
    name: "distillation",
    options: { temperature: 1, scaleByTemperatureSquared: true, minConfidence: 0 },
    loss: ([student, teacher]: Two, options) => distillationLoss(student, teacher, options),
  }),
} as const satisfies Record<string, Loss>;

/** The names of the built-in losses. */
export type LossName = keyof typeof losses;
