// What kernels of our own compute, on a backend that has none of that name: the compositions of @simclr/ops.
import {
  adamWUpdate,
  batchNorm,
  l2Normalize,
  l2NormalizeGradient,
  larsUpdate,
  momentumUpdate,
  similarityLogSums,
  similarityRepulsion,
  weightedCrossEntropy,
} from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";

/** By the kernel's name, from its inputs and attributes. */
export const references = {
  SimclrBatchNorm: ({ x, gamma, beta, residual }, { epsilon, activation }) => {
    const { y, mean, variance } = batchNorm(x, gamma, beta, { epsilon, activation, residual });
    return [y, mean, variance];
  },
  SimclrBatchNormGrad: ({ dy, x, y, gamma, beta, mean, variance }, attrs) => {
    const of = tf.getGradient("SimclrBatchNorm").gradFunc([dy], [x, gamma, beta, y, mean, variance], attrs);
    return [of.x(), of.gamma(), of.beta(), ...(attrs.residual ? [of.residual()] : [])];
  },
  SimclrLarsUpdate: ({ param, grad, velocity }, attrs) => larsUpdate(param, grad, velocity, attrs),
  SimclrMomentumUpdate: ({ param, grad, velocity }, attrs) => momentumUpdate(param, grad, velocity, attrs),
  SimclrAdamWUpdate: ({ param, grad, firstMoment, secondMoment }, attrs) =>
    adamWUpdate(param, grad, firstMoment, secondMoment, attrs),
  SimclrL2Normalize: ({ x }) => [l2Normalize(x)],
  SimclrL2NormalizeGrad: ({ x, dy }) => [l2NormalizeGradient(x, dy)],
  SimclrSimilarityLogSums: (inputs, attrs) => [similarityLogSums({ ...inputs, ...attrs })],
  SimclrSimilarityRepulsion: ({ anchorLogSums, candidateLogSums, ...rows }, attrs) => [
    similarityRepulsion({ ...rows, ...attrs }, anchorLogSums, candidateLogSums),
  ],
  SimclrSoftmaxCrossEntropy: ({ logits, targets, weights }) => [weightedCrossEntropy(logits, targets, weights)],
  SimclrSoftmaxCrossEntropyGrad: ({ dy, logits, targets, weights }) => [
    tf.grad((x) => weightedCrossEntropy(x, targets, weights))(logits, dy),
  ],
};
