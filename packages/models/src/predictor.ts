import { checkInteger, checkShape, type Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { ForwardOptions, Module } from "./module.js";
import { makeNorm, normalise } from "./norm.js";
import { disposeWeights, weightMaker } from "./weight-spec.js";

export interface PredictorOptions {
  /** D, the length of a projection and of its prediction. */
  readonly dimension: number;
  /** Length of the hidden vectors: wider than D in BYOL, a bottleneck of D / 4 in SimSiam. */
  readonly hiddenDimension: number;
  /** First part of every weight's name. @defaultValue "predictor" */
  readonly name?: string | undefined;
  /** Each weight is drawn from `random.fork(name of the weight)`. */
  readonly random: Random;
}

/** The predictor q of BYOL and h of SimSiam, from projections of one view to those of the other. */
export interface Predictor extends Module {
  /**
   * @param projection - z, float32 `[N, D]`. Not disposed.
   * @returns float32 `[N, D]`; the caller disposes it.
   * @throws InvalidArgumentError if the projections have another length.
   */
  forward(projection: tf.Tensor2D, options: ForwardOptions): tf.Tensor2D;
}

/**
 * Dense without bias, batch norm, ReLU, dense with bias.
 *
 * @returns A predictor that owns its weights: dispose it.
 * @throws InvalidArgumentError unless both dimensions are integers >= 1.
 * @see Grill et al. 2020, arXiv:2006.07733, section 3.3; Chen and He 2020, arXiv:2011.10566, section 3
 */
export function predictor(options: PredictorOptions): Predictor {
  const { dimension, hiddenDimension, name = "predictor", random } = options;
  checkInteger("predictor", { dimension }, 1);
  checkInteger("predictor", { hiddenDimension }, 1);
  const { make, weights } = weightMaker(random);
  const dense = (layer: string, inputs: number, outputs: number) =>
    make(
      { name: `${name}/${layer}/dense/kernel`, role: "kernel", shape: [inputs, outputs] },
      { kind: "variance-scaling", fanIn: inputs },
    );
  const first = dense("layer0", dimension, hiddenDimension);
  const norm = makeNorm(make, { name: `${name}/layer0/norm`, channels: hiddenDimension });
  const second = dense("layer1", hiddenDimension, dimension);
  const bias = make(
    { name: `${name}/layer1/dense/bias`, role: "bias", shape: [dimension] },
    { kind: "constant", value: 0 },
  );
  return {
    weights,
    forward(projection, forwardOptions) {
      checkShape(name, { projection }, [null, dimension], "Build the predictor for this head's outputDimension.");
      return tf.tidy(() => {
        const dense = tf.matMul<tf.Tensor2D>(projection, first.variable); // [N, H]
        const hidden = normalise(norm, dense, forwardOptions, { activation: "relu" }); // [N, H]
        return tf.add(tf.matMul(hidden, second.variable), bias.variable); // [N, D]
      });
    },
    dispose: () => disposeWeights(weights),
  };
}
