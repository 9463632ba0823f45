import { checkShape } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

const RGB_HINT = "Colour operations need RGB images.";

/**
 * Hue, saturation and value of RGB images.
 *
 * V is the largest channel, S = (V - min) / V (0 where V <= 0), and H is a fraction of a full turn, 0 for red and
 * for grays. Values beyond [0, 1] are taken as they are.
 *
 * @param images - RGB, float32 [N, H, W, 3]. Not disposed.
 * @returns HSV, float32 [N, H, W, 3]; H in [0, 1). The caller disposes it. Not meant to be differentiated.
 * @throws InvalidArgumentError if there are not 3 channels.
 * @see tf.image.rgb_to_hsv
 */
export function rgbToHsv(images: tf.Tensor4D): tf.Tensor4D {
  checkShape("rgbToHsv", { images }, [null, null, null, 3], RGB_HINT);
  return tf.tidy(() => {
    const [red, green, blue] = channelsOf(images);
    const value = tf.maximum(tf.maximum(red, green), blue); // [N, H, W, 1], as all below
    const range = tf.sub(value, tf.minimum(tf.minimum(red, green), blue));
    const one = tf.onesLike(value);
    const lit = tf.greater(value, 0);
    const saturation = tf.where(lit, tf.div(range, tf.where(lit, value, one)), tf.zerosLike(value));
    const sixth = tf.div(1 / 6, tf.where(tf.greater(range, 0), range, one));
    const fromRed = tf.mul(tf.sub(green, blue), sixth);
    const fromGreen = tf.add(tf.mul(tf.sub(blue, red), sixth), 1 / 3);
    const fromBlue = tf.add(tf.mul(tf.sub(red, green), sixth), 2 / 3);
    const turn = tf.where(tf.equal(red, value), fromRed, tf.where(tf.equal(green, value), fromGreen, fromBlue));
    const hue = tf.where(tf.less(turn, 0), tf.add(turn, 1), turn);
    return tf.concat([hue, saturation, value], 3) as tf.Tensor4D; // [N, H, W, 3]
  });
}

/**
 * RGB of images given as hue, saturation and value; undoes `rgbToHsv`.
 *
 * @param images - HSV, float32 [N, H, W, 3]; H counts full turns, so any real number does. Not disposed.
 * @returns RGB, float32 [N, H, W, 3]. The caller disposes it. Not meant to be differentiated.
 * @throws InvalidArgumentError if there are not 3 channels.
 * @see tf.image.hsv_to_rgb
 */
export function hsvToRgb(images: tf.Tensor4D): tf.Tensor4D {
  checkShape("hsvToRgb", { images }, [null, null, null, 3], RGB_HINT);
  return tf.tidy(() => {
    const [hue, saturation, value] = channelsOf(images);
    const sixths = tf.mul(tf.sub(hue, tf.floor(hue)), 6); // [N, H, W, 1] in [0, 6]
    const red = tf.sub(tf.abs(tf.sub(sixths, 3)), 1);
    const green = tf.sub(2, tf.abs(tf.sub(sixths, 2)));
    const blue = tf.sub(2, tf.abs(tf.sub(sixths, 4)));
    const pure = tf.clipByValue(tf.concat([red, green, blue], 3), 0, 1); // [N, H, W, 3], the fully saturated colour
    const tinted = tf.add(tf.mul(saturation, pure), tf.sub(1, saturation)); // [N, H, W, 3]
    return tf.mul(tinted, value) as tf.Tensor4D; // [N, H, W, 3]
  });
}

function channelsOf(images: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D] {
  return tf.split(images, 3, 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
}
