/**
 * Side-effect entry: registers the gradients of tfjs-core's kernels (its main entry registers none in Node), with faster
 * ones of `Mean` and `Sum`, and of this package's named kernels.
 *
 * Import it once, at the edge of a program that trains: `import "@simclr/ops/register"`.
 */
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import * as tf from "@tensorflow/tfjs-core";
import { batchNormGradConfigs } from "./batch-norm-gradient.js";
import { reductionGradConfigs } from "./reduction-gradients.js";

for (const config of [...batchNormGradConfigs, ...reductionGradConfigs]) tf.registerGradient(config);
