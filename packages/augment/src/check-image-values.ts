import { checkShape, InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Checks that images hold what augmentations and encoders expect: finite values in [0, 1]. Call it once where images of
 * one's own come in; `augment` itself does not, as it would have to wait for the device at every batch. Images out of
 * bytes (`toImages`) need no check.
 *
 * @param images - float32 [N, H, W, C]. Not disposed.
 * @throws InvalidArgumentError (rejects) if a value is not finite or leaves [0, 1], with the range that was found.
 */
export async function checkImageValues(images: tf.Tensor4D): Promise<void> {
  checkShape("checkImageValues", { images }, [null, null, null, null], "Images are [N, H, W, C].");
  if (images.size === 0) return;
  const found = tf.tidy(() => {
    const sound = tf.isFinite(images);
    const values = tf.where(sound, images, tf.zerosLike(images));
    return tf.stack([tf.min(values), tf.max(values), tf.sum(tf.cast(tf.logicalNot(sound), "float32"))]);
  });
  const [low, high, broken] = (await found.data()) as unknown as [number, number, number];
  found.dispose();
  if (broken === 0 && low >= 0 && high <= 1) return;
  const received = broken > 0 ? `${broken} values that are not finite` : `values from ${low} to ${high}`;
  throw new InvalidArgumentError(
    `checkImageValues: \`images\` must hold finite values in [0, 1]; received ${received}. Divide bytes by 255, as toImages does, and subtract no mean.`,
    { subject: "images", expected: "finite values in [0, 1]", received },
  );
}
