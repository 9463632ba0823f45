import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { Augmentation } from "./augmentation.js";
import { type CheckAugmentationOptions, checkAugmentation } from "./check-augmentation.js";
import { perImage } from "./per-image.js";

/** A plain object, which nothing has checked yet. */
const plugin = (apply: Augmentation["apply"]): Augmentation => ({
  name: "tint",
  apply: (x, c) => tf.tidy(() => apply(x, c)),
});
const fails = (apply: Augmentation["apply"], message: string | RegExp, options?: CheckAugmentationOptions) =>
  expect(checkAugmentation(plugin(apply), options)).rejects.toThrow(message);

describe("checkAugmentation", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("passes what keeps the contract, and leaves no tensor", async () => {
      const before = tf.memory().numTensors;
      await checkAugmentation(
        plugin((images, { randoms, batchRandom, record }) => {
          const shared = batchRandom.uniform();
          const factors = randoms.map((random) => random.uniform() * shared);
          if (record) for (const [i, factor] of factors.entries()) record(i, { factor });
          return tf.mul(images, perImage(factors));
        }),
      );
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  it("sees a wrong shape, and takes another one on demand", async () => {
    const half: Augmentation["apply"] = (images) => tf.slice(images, [0, 0, 0, 0], [-1, 12, -1, -1]);
    await fails(
      half,
      'checkAugmentation: "tint" must return float32 [6, 24, 24, 3]; returned float32 [6, 12, 24, 3]. Pass `outputShape` if it is meant to change the shape.',
    );
    await checkAugmentation(plugin(half), { outputShape: [12, 24, 3] });
  });

  it("sees values out of range, and takes another range on demand", async () => {
    await fails(
      (images) => tf.mul(images, 2),
      /^checkAugmentation: "tint" must give values in \[0, 1\]; gave 1\.\d+ in image 0, seed 0\. Clip its result, or pass `range` if a later step clips\.$/,
    );
    await fails((images) => tf.log(tf.sub(images, 1)), "gave NaN in image 0");
    await checkAugmentation(
      plugin((images) => tf.mul(images, 2)),
      { range: [0, 2] },
    );
  });

  it("sees numbers from elsewhere", async () => {
    let calls = 0;
    await fails(
      (images) => tf.div(images, ++calls),
      /^checkAugmentation: "tint" must give image 0 the same values when it was applied again with the same random streams; gave .* seed 0\. Draw from context\.randoms and context\.batchRandom, never from Math\.random, a clock or a counter\.$/,
    );
  });

  it("sees that recording changes what is drawn, and records that make no sense", async () => {
    await fails((images, { randoms, record }) => {
      if (record) for (const random of randoms) random.uniform();
      return tf.mul(images, perImage(randoms.map((random) => random.uniform())));
    }, "the same values when its draws were recorded;");
    await fails((images, { record }) => {
      record?.(6, {});
      return tf.clone(images);
    }, 'checkAugmentation: "tint" recorded a draw for image 6 of a batch of 6. Record the place in the batch, from 0.');
    await fails((images, { record }) => {
      record?.(0, { factor: Number.NaN });
      return tf.clone(images);
    }, "recorded something that JSON cannot hold. Record finite numbers, booleans, texts and plain lists of them.");
  });

  it("sees what depends on the neighbours or on the order", async () => {
    await fails(
      (images) => tf.mul(images, tf.mean(images)),
      /must give image 0 the same values when its batch was split; .* Treat images one by one: draw for image i from context\.randoms\[i\], and from batchRandom only what all share\.$/,
    );
    await fails((images, { batchRandom }) => {
      const factors = Array.from({ length: images.shape[0] }, () => batchRandom.uniform());
      return tf.mul(images, perImage(factors));
    }, "the same values when its batch was split;");
    await fails(
      (images) => tf.mul(images, perImage(Array.from({ length: images.shape[0] }, (_, i) => 1 / (1 + (i % 2))))),
      "the same values when its batch was s",
    );
  });

  it("sees tensors that stay, and an argument that is changed or kept", async () => {
    const leaky: Augmentation = { name: "leaky", apply: (images) => tf.add(tf.square(images), 0) };
    await expect(checkAugmentation(leaky)).rejects.toThrow(
      'checkAugmentation: "leaky" must leave exactly 1 new tensor in memory; left 2. Return a new one, and wrap its body in tf.tidy.',
    );
    await expect(checkAugmentation({ name: "same", apply: (images) => images })).rejects.toThrow("left 0.");
  });
});
