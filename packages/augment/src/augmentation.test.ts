import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type Augmentation, defineAugmentation } from "./augmentation.js";
import { context, noise } from "./test-images.js";

const run = (apply: Augmentation["apply"]) => {
  const augmentation = defineAugmentation({ name: "tint", apply });
  return () => augmentation.apply(noise([2, 3, 3, 3]), context(2));
};

describe("defineAugmentation", () => {
  it("keeps the name and the crop, and gives what `apply` gives", () => {
    const crop = { kind: "center-crop", size: 3, fraction: 1, kernel: "bilinear" } as const;
    const invert = defineAugmentation({ name: "invert", crop, apply: (images) => tf.sub(1, images) });
    expect([invert.name, invert.crop]).toEqual(["invert", crop]);
    const images = tf.tensor4d([0, 0.25, 1], [1, 1, 1, 3]);
    expectClose(invert.apply(images, context(1)), [1, 0.75, 0], {});
  });

  it("says what is wrong with a definition", () => {
    const apply = (images: tf.Tensor4D): tf.Tensor4D => tf.clone(images);
    expect(() => defineAugmentation({ name: "my tint", apply })).toThrow(
      'defineAugmentation: `name` must be letters, digits, "-" and "_", starting with a letter; received "my tint".',
    );
    expect(() => defineAugmentation({ name: "tint" } as Augmentation)).toThrow(
      'defineAugmentation: `apply` of "tint" must be a function (images, context) => images; received undefined.',
    );
    const crop = { kind: "center-crop", size: 0, fraction: 1, kernel: "bilinear" } as const;
    expect(() => defineAugmentation({ name: "tint", crop, apply })).toThrow(
      'augmentation "tint": `size` must be an integer >= 1; received 0.',
    );
  });

  it("has options, with defaults, kinds and a check of its own", () => {
    const fade = defineAugmentation({
      name: "fade",
      options: { factor: 0.5, offset: 0 },
      checkOptions: ({ factor }) => {
        if (factor < 0) throw new Error("negative");
      },
      apply: (images, _, { factor, offset }) => tf.tidy(() => tf.add(tf.mul(images, factor), offset)),
    });
    const images = tf.tensor4d([0, 0.5, 1], [1, 1, 1, 3]);
    expectClose(fade.apply(images, context(1)), [0, 0.25, 0.5], {});
    const stronger = fade.with({ factor: 0.25 }).with({ offset: 0.5 });
    expect([stronger.name, stronger.options]).toEqual(["fade", { factor: 0.25, offset: 0.5 }]);
    expectClose(stronger.apply(images, context(1)), [0.5, 0.625, 0.75], {});
    expect(() => fade.with({ facter: 1 } as never)).toThrow(
      'augmentation "fade": unknown option `facter`; expected one of factor, offset. Correct or remove it.',
    );
    expect(() => fade.with({ factor: "1" } as never)).toThrow("`factor` must be a finite number");
    expect(() => fade.with({ factor: -1 })).toThrow("negative");
  });

  it("says when images are not images", () => {
    const { apply } = defineAugmentation({ name: "tint", apply: (images) => tf.clone(images) });
    expect(() => apply(tf.zeros([4, 4, 3]) as unknown as tf.Tensor4D, context(4))).toThrow(
      'augmentation "tint": `images` must be float32 [N, H, W, C]; received float32 [4, 4, 3]. Make them with toImages.',
    );
    expect(() => apply(tf.zeros([1, 4, 4, 3], "int32"), context(1))).toThrow("received int32 [1, 4, 4, 3].");
  });

  it("says when `apply` breaks its contract", () => {
    const leak: tf.Tensor[] = [];
    expect(
      run((images) => {
        leak.push(tf.square(images), tf.square(images));
        return tf.clone(images);
      }),
    ).toThrow('augmentation "tint" left 2 tensors in memory besides its result. Wrap its body in tf.tidy.');
    expect(run((images) => images)).toThrow(
      'augmentation "tint" returned the very tensor that it was given. Return tf.clone(images) where nothing changes.',
    );
    expect(
      run((images) => {
        const result = tf.neg(images);
        images.dispose();
        return result;
      }),
    ).toThrow('augmentation "tint" disposed its argument, which it only borrows. Dispose only tensors that it makes.');
    expect(run((async (images: tf.Tensor4D) => images) as unknown as Augmentation["apply"])).toThrow(
      'augmentation "tint" must return a tensor, synchronously; received a promise.',
    );
    expect(run((images) => tf.slice(images, [0, 0, 0, 0], [1, 3, 3, 3]))).toThrow(
      'augmentation "tint" must return float32 [2, H, W, C], one image for each it was given; received float32 [1, 3, 3, 3].',
    );
  });

  it("frees what was leaked when it throws", () => {
    const images = noise([2, 3, 3, 3]);
    const leaky = defineAugmentation({ name: "leaky", apply: (x) => tf.add(tf.square(x), tf.square(x)) });
    const before = tf.memory().numTensors;
    expect(() => leaky.apply(images, context(2))).toThrow('augmentation "leaky" left 2 tensors');
    expect(tf.memory().numTensors).toBe(before);
  });
});
