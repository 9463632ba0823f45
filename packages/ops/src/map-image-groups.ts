import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/** What happens to the images of one group; may return its argument unchanged. */
export type MapImages = (images: tf.Tensor4D, group: number, indices: readonly number[]) => tf.Tensor4D;

/**
 * Does something else to each group of a batch: gathers the images of a group, maps them, and puts all results back
 * in the order of the batch. Where the whole batch is one group, nothing is gathered.
 *
 * What an image becomes does not depend on its neighbours as long as `map` treats images one by one.
 *
 * @param images - [N, H, W, C]. Not disposed.
 * @param groupOf - Group of each image, any whole numbers, [N]; known on the host.
 * @param map - Called once per group, in a tidy, with the group's images [n, H, W, C], its number, and the places
 *   of its images in the batch.
 * @returns [N, H', W', C'], as `map` returns them. The caller disposes it.
 * @throws InvalidArgumentError if `groupOf` does not have one entry per image.
 */
export function mapImageGroups(images: tf.Tensor4D, groupOf: ArrayLike<number>, map: MapImages): tf.Tensor4D {
  const batchSize = images.shape[0];
  if (groupOf.length !== batchSize)
    throw new InvalidArgumentError(
      `mapImageGroups: \`groupOf\` must have one entry per image, ${batchSize}; received ${groupOf.length}.`,
      { subject: "groupOf", expected: String(batchSize), received: String(groupOf.length) },
    );
  const groups = new Map<number, number[]>();
  for (let i = 0; i < batchSize; i++) {
    const members = groups.get(groupOf[i]!);
    if (members === undefined) groups.set(groupOf[i]!, [i]);
    else members.push(i);
  }
  return tf.tidy(() => {
    if (groups.size <= 1) {
      for (const [group, members] of groups) return own(map(images, group, members), images);
      return tf.clone(images);
    }
    const parts: tf.Tensor4D[] = [];
    const place = new Int32Array(batchSize);
    let next = 0;
    for (const [group, members] of groups) {
      for (const member of members) place[member] = next++;
      parts.push(map(tf.gather(images, tf.tensor1d(members, "int32")), group, members)); // [n, H', W', C']
    }
    return tf.gather(tf.concat(parts, 0), tf.tensor1d(place, "int32")); // [N, H', W', C']
  });
}

/** `result`, or a clone where it is the very tensor that was borrowed. */
function own(result: tf.Tensor4D, borrowed: tf.Tensor4D): tf.Tensor4D {
  return result === borrowed ? tf.clone(result) : result;
}
