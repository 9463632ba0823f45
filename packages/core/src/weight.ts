import type * as tf from "@tensorflow/tfjs-core";

/**
 * What a weight is; optimizers exclude by role, never by a pattern on names.
 *
 * `gamma` and `beta` belong to a batch norm, `bias` to a dense layer or a convolution, `classifier-kernel` and
 * `classifier-bias` to the supervised head, `statistic` is a running mean or variance (never trained).
 */
export type WeightRole = "kernel" | "bias" | "gamma" | "beta" | "classifier-kernel" | "classifier-bias" | "statistic";

/** A named variable of a model. Its maker owns the variable and disposes it. */
export interface Weight {
  /** A path, unique in the model: `encoder/group1/block0/conv1/kernel`. */
  readonly name: string;
  readonly role: WeightRole;
  readonly variable: tf.Variable;
}
