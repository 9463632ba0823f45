import { checkSameShape, checkShape, InvalidArgumentError } from "@simclr/core";
import type * as tf from "@tensorflow/tfjs-core";

/**
 * Throws unless `z1` and `z2` are two views `[N, D]` of the same images, `minimum` or more.
 *
 * @param why - What a smaller batch lacks.
 */
export function checkViews(where: string, z1: tf.Tensor2D, z2: tf.Tensor2D, why: string, minimum = 2): void {
  checkShape(where, { z1 }, [null, null]);
  checkSameShape(where, { z1, z2 }, "Pass two views of the same images.");
  checkRows(where, { z1 }, minimum, why);
}

/** Throws unless the one named matrix has at least `minimum` rows and one column. */
export function checkRows(where: string, matrix: Record<string, tf.Tensor2D>, minimum: number, hint: string): void {
  for (const [name, { shape }] of Object.entries(matrix)) {
    if (shape[0] >= minimum && shape[1] >= 1) continue;
    const received = `[${shape.join(", ")}]`;
    const expected = `at least ${minimum} ${minimum === 1 ? "row" : "rows"} and 1 column`;
    throw new InvalidArgumentError(`${where}: \`${name}\` must have ${expected}; received ${received}. ${hint}`, {
      subject: name,
      expected,
      received,
    });
  }
}
