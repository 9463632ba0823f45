import { checkInteger, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Initializer } from "./initializer.js";
import type { Module } from "./module.js";
import { DENSE_DEVIATION } from "./projection-head.js";
import { disposeWeights, type WeightSource, weightMaker } from "./weight-spec.js";

/** What a classifier is; plain JSON, enough to build it again. */
export interface ClassifierDescription {
  readonly kind: "classifier";
  readonly inputDimension: number;
  readonly classCount: number;
  /** First part of every weight's name. */
  readonly name: string;
}

export interface ClassifierOptions {
  readonly inputDimension: number;
  /** Number of classes, >= 2. */
  readonly classCount: number;
  /** Start with a kernel of zeros (true) or of N(0, 0.01^2); the bias starts at 0. @defaultValue true */
  readonly zeroInit?: boolean | undefined;
  /** First part of every weight's name. @defaultValue "classifier" */
  readonly name?: string | undefined;
  /** The kernel is drawn from `random.fork(name of the weight)`. */
  readonly random: WeightSource;
}

/** One dense layer with bias, from representations to logits. */
export interface Classifier extends Module {
  readonly inputDimension: number;
  readonly classCount: number;
  /** @param x - float32 `[N, D]`. Not disposed. @returns Logits, float32 `[N, classCount]`; the caller disposes them. */
  forward(x: tf.Tensor2D): tf.Tensor2D;
  describe(): ClassifierDescription;
}

/**
 * The supervised head. Its weights have roles of their own (`classifier-kernel`, `classifier-bias`), since weight decay
 * and layer-wise learning rates treat them apart.
 *
 * @returns A classifier that owns its weights: dispose it.
 * @throws InvalidArgumentError unless `inputDimension` >= 1 and `classCount` >= 2 are integers.
 */
export function classifier(options: ClassifierOptions): Classifier {
  const { inputDimension, classCount, zeroInit = true, name = "classifier", random } = options;
  checkInteger("classifier", { inputDimension }, 1);
  checkInteger("classifier", { classCount }, 2);
  const { make, weights } = weightMaker(random);
  const zeros: Initializer = { kind: "constant", value: 0 };
  const kernel = make(
    { name: `${name}/kernel`, role: "classifier-kernel", shape: [inputDimension, classCount] },
    zeroInit ? zeros : { kind: "normal", deviation: DENSE_DEVIATION },
  );
  const bias = make({ name: `${name}/bias`, role: "classifier-bias", shape: [classCount] }, zeros);
  return {
    inputDimension,
    classCount,
    weights,
    forward(x) {
      checkShape(name, { x }, [null, inputDimension], "Build the classifier for the dimension of what it classifies.");
      return tf.tidy(() => tf.add(tf.matMul<tf.Tensor2D>(x, kernel.variable), bias.variable));
    },
    describe: () => ({ kind: "classifier", inputDimension, classCount, name }),
    dispose: () => disposeWeights(weights),
  };
}
