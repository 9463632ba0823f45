import { definePlugin } from "@simclr/core";
import { ntXentLoss } from "@simclr/losses";
import { defineMethod, project } from "@simclr/methods";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";

/** Two views of every image, encoded and projected; the loss pulls the views of an image together. */
export const method = defineMethod({
  name: "my-part", // as a configuration spells it
  options: z.object({ temperature: z.number().positive().default(0.5) }),
  // Weights of the method's own, such as a predictor or a second network, would be made here.
  build: () => ({}),
  step: (network, { temperature }) => ({
    encode: (views, pass) => ({ projections: project(network, views, pass) }),
    // float32 [N, D] for each view; put your own loss in the place of NT-Xent.
    loss: ({ rows: [z1, z2] }) => ntXentLoss(z1!, z2!, { temperature }),
    metrics: ({ rows: [z1, z2] }) => ({
      viewDistance: tf.tidy(() => tf.mean(tf.abs(tf.sub(z1!, z2!))) as tf.Scalar),
    }),
  }),
});

export const plugin = definePlugin({ name: "simclr-plugin-my-part", apiVersion: 1, methods: [method] });
