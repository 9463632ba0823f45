import { quarterTurn } from "@simclr/augment";
import { definePlugin } from "@simclr/core";
import { softmaxCrossEntropy } from "@simclr/losses";
import { defineMethod, project } from "@simclr/methods";
import { classifier } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";

const TURNS = [0, 1, 2, 3] as const;

/**
 * RotNet: every image is shown upright and turned by 90, 180 and 270 degrees; a dense layer on z says which. It learns from
 * single images, without pairs, so that any batch size will do.
 *
 * @see Gidaris et al. 2018, arXiv:1803.07728
 */
export const rotationPrediction = defineMethod({
  name: "rotation-prediction",
  options: z.object({ labelSmoothing: z.number().min(0).max(1).default(0) }),
  views: (recipe) => TURNS.map((turns) => [...recipe, quarterTurn({ turns: [turns] })]),
  build({ head, random }) {
    const guess = classifier({
      name: "rotation",
      inputDimension: head.dimensionAfter(head.layers),
      classCount: TURNS.length,
      zeroInit: false, // or the encoder's first gradient would be 0
      random,
    });
    return { lossWeights: guess.weights, guess };
  },
  step: ({ parts: { guess }, ...network }, { labelSmoothing }) => ({
    encode: (views, pass) => ({ projections: project(network, views, pass) }),
    loss: ({ projections }) =>
      tf.tidy(() => {
        const logits = guess.forward(tf.concat2d([...projections], 0)); // [4 N, 4]
        return softmaxCrossEntropy(logits, turnsOf(projections[0]!.shape[0]), { labelSmoothing });
      }),
    metrics: ({ projections }) => {
      const guesses = tf.argMax(guess.forward(tf.concat2d([...projections], 0)), 1);
      const truth = tf.argMax(turnsOf(projections[0]!.shape[0]), 1);
      return { rotationAccuracy: tf.mean(tf.cast(tf.equal(guesses, truth), "float32")) as tf.Scalar };
    },
  }),
});

export const plugin = definePlugin({
  name: "simclr-plugin-rotation-prediction",
  apiVersion: 1,
  methods: [rotationPrediction],
});

/** One-hot [4 N, 4] for the N images of each view, view after view. */
function turnsOf(images: number): tf.Tensor2D {
  return tf.tidy(() => {
    const turns = TURNS.flatMap((turn) => Array<number>(images).fill(turn));
    return tf.oneHot(tf.tensor1d(turns, "int32"), TURNS.length) as tf.Tensor2D;
  });
}
