import { checkInteger, checkPositive, checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkRows } from "./check-views.js";
import { offTape } from "./off-tape.js";

export interface SinkhornOptions {
  /** Strength ε of the entropy term, > 0: small values give sharp codes. @defaultValue 0.05 */
  readonly epsilon?: number;
  /** Rounds of normalisation, an integer >= 1. @defaultValue 3 */
  readonly iterations?: number;
}

/**
 * Sinkhorn-Knopp: soft assignments of rows to prototypes in which every prototype gets about the same share of rows.
 * exp(scores / ε) is normalised by columns and by rows in turn, in log space, where nothing overflows.
 *
 * @param scores - Similarities of N rows and K prototypes, float32 `[N, K]`. Not disposed.
 * @returns Codes in [0, 1], float32 `[N, K]`: rows sum to 1, columns to about N / K, the better the more iterations.
 * Constants: no gradient passes. The caller disposes them.
 * @throws InvalidArgumentError if `scores` is not a matrix or an option is out of range.
 * @see Caron et al. 2020, arXiv:2006.09882, Eq. 3 to 5; Cuturi 2013, arXiv:1306.0895
 */
export function sinkhorn(scores: tf.Tensor2D, options: SinkhornOptions = {}): tf.Tensor2D {
  const { epsilon = 0.05, iterations = 3 } = options;
  checkShape("sinkhorn", { scores }, [null, null]);
  checkRows("sinkhorn", { scores }, 1, "Pass the similarities of rows and prototypes.");
  checkPositive("sinkhorn", { epsilon });
  checkInteger("sinkhorn", { iterations }, 1);
  return offTape(() =>
    tf.tidy(() => {
      let logCodes: tf.Tensor = tf.div(scores, epsilon); // [N, K]
      for (let i = 0; i < iterations; i++) {
        // The common constants log(K) and log(N) of the paper cancel in the last normalisation, of rows.
        logCodes = tf.sub(logCodes, tf.logSumExp(logCodes, 0, true)); // [N, K]
        logCodes = tf.sub(logCodes, tf.logSumExp(logCodes, 1, true)); // [N, K]
      }
      return tf.exp(logCodes) as tf.Tensor2D; // [N, K]
    }),
  );
}
