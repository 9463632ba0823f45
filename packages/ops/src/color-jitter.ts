import { checkChoice, checkShape, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { hsvToRgb, rgbToHsv } from "./hsv.js";
import { mapImageGroups } from "./map-image-groups.js";
import { hasNamedKernel, runNamedKernel } from "./named-kernel.js";

/**
 * Kernel a backend may register for `colorJitter`: inputs `images` [N, H, W, 3], `factors` [N, 4], `order` int32
 * [N, 4]; attribute `brightness`; output [N, H, W, 3].
 */
export const COLOR_JITTER_KERNEL = "SimclrColorJitter";

/** Number of each colour operation in `ColorJitterOptions`, and -1 for none. */
export const COLOR_OPERATIONS = { skip: -1, brightness: 0, contrast: 1, saturation: 2, hue: 3 } as const;

const OPERATION_COUNT = 4;

export interface ColorJitterOptions {
  /** What each operation of each image does, [N * 4], indexed by `COLOR_OPERATIONS`, not by place in the order. */
  readonly factors: Float32Array;
  /** The operations of each image in turn, [N * 4]: values of `COLOR_OPERATIONS`, -1 to do nothing. */
  readonly order: Int32Array;
  /** Whether brightness multiplies, as SimCLRv2 does, or adds, as SimCLR did. */
  readonly brightness: "multiplicative" | "additive";
}

/**
 * Brightness, contrast, saturation and hue, in each image's own order, with a clip to [0, 1] after each.
 *
 * With f the factor of the operation: brightness is x * f or x + f; contrast is (x - m) * f + m with m the mean of
 * the channel over the image; saturation multiplies S of HSV by f and clamps it to [0, 1]; hue adds f full turns to H.
 *
 * @param images - RGB, float32 [N, H, W, 3], nominally in [0, 1]. Not disposed.
 * @returns float32 [N, H, W, 3]; in [0, 1] where an image had any operation, unchanged where it had none. The caller
 *   disposes it. Has no gradient: augmentations are not differentiated.
 * @throws InvalidArgumentError if there are not 3 channels, or the options do not fit the batch.
 * @see simclr/data_util.py, `color_jitter_rand`; tf.image.adjust_contrast, adjust_saturation, adjust_hue
 */
export function colorJitter(images: tf.Tensor4D, options: ColorJitterOptions): tf.Tensor4D {
  const { factors, order, brightness } = options;
  const batchSize = images.shape[0];
  checkShape("colorJitter", { images }, [null, null, null, 3], "Colour operations need RGB images.");
  checkChoice("colorJitter", { brightness }, ["multiplicative", "additive"]);
  checkCount("factors", factors.length, batchSize);
  checkCount("order", order.length, batchSize);
  checkOperations(order);
  return tf.tidy(() => {
    if (hasNamedKernel(COLOR_JITTER_KERNEL)) {
      const inputs = {
        images,
        factors: tf.tensor2d(factors, [batchSize, OPERATION_COUNT], "float32"),
        order: tf.tensor2d(order, [batchSize, OPERATION_COUNT], "int32"),
      };
      return runNamedKernel(COLOR_JITTER_KERNEL, inputs, { brightness })[0] as tf.Tensor4D;
    }
    let current = images;
    for (let place = 0; place < OPERATION_COUNT; place++) {
      const operations = Array.from({ length: batchSize }, (_, i) => order[i * OPERATION_COUNT + place]!);
      const next = mapImageGroups(current, operations, (group, operation, indices) => {
        if (operation === COLOR_OPERATIONS.skip) return group;
        const own = indices.map((i) => factors[i * OPERATION_COUNT + operation]!);
        const factor = tf.tensor4d(own, [own.length, 1, 1, 1], "float32"); // [n, 1, 1, 1]
        return tf.clipByValue(adjust(group, operation, factor, brightness), 0, 1); // [n, H, W, 3]
      });
      if (current !== images) current.dispose();
      current = next;
    }
    return current;
  });
}

function adjust(
  images: tf.Tensor4D,
  operation: number,
  factor: tf.Tensor4D,
  brightness: ColorJitterOptions["brightness"],
): tf.Tensor4D {
  switch (operation) {
    case COLOR_OPERATIONS.brightness:
      return brightness === "additive" ? tf.add(images, factor) : tf.mul(images, factor);
    case COLOR_OPERATIONS.contrast: {
      const mean = tf.mean(images, [1, 2], true); // [n, 1, 1, 3]
      return tf.add(tf.mul(tf.sub(images, mean), factor), mean);
    }
    default: {
      const [hue, saturation, value] = tf.split(rgbToHsv(images), 3, 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const changed =
        operation === COLOR_OPERATIONS.hue
          ? [tf.add(hue, factor), saturation, value]
          : [hue, tf.clipByValue(tf.mul(saturation, factor), 0, 1), value];
      return hsvToRgb(tf.concat(changed, 3) as tf.Tensor4D);
    }
  }
}

function checkCount(name: string, received: number, batchSize: number): void {
  const expected = batchSize * OPERATION_COUNT;
  if (received === expected) return;
  throw new InvalidArgumentError(
    `colorJitter: \`${name}\` must have 4 entries per image, ${expected}; received ${received}.`,
    { subject: name, expected: String(expected), received: String(received) },
  );
}

function checkOperations(order: Int32Array): void {
  const wrong = order.findIndex((operation) => operation < -1 || operation >= OPERATION_COUNT);
  if (wrong < 0) return;
  throw new InvalidArgumentError(
    `colorJitter: \`order\` must hold 0 (brightness), 1 (contrast), 2 (saturation), 3 (hue) or -1 (skip); received ${order[wrong]} at ${wrong}.`,
    { subject: "order", expected: "-1, 0, 1, 2 or 3", received: String(order[wrong]) },
  );
}
