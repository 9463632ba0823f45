import type { Communicator } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Averages gradients over all ranks, in one collective and in the order of the names, which is the same on every rank.
 *
 * @param gradients - Float32 tensors by weight name. Borrowed.
 * @returns New tensors of the same names and shapes; the caller disposes them.
 */
export async function averageGradients(
  communicator: Communicator,
  gradients: Readonly<Record<string, tf.Tensor>>,
): Promise<Record<string, tf.Tensor>> {
  const names = Object.keys(gradients).sort();
  const values = await Promise.all(names.map((name) => gradients[name]!.data<"float32">()));
  const flat = new Float32Array(values.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of values) {
    flat.set(part, offset);
    offset += part.length;
  }
  await communicator.allReduce(flat, "mean");
  offset = 0;
  const averaged: Record<string, tf.Tensor> = {};
  for (const name of names) {
    const { shape, size } = gradients[name]!;
    averaged[name] = tf.tensor(flat.slice(offset, offset + size), shape, "float32");
    offset += size;
  }
  return averaged;
}

/** Averages named numbers over all ranks; the names must be the same on every rank. */
export async function averageNumbers(
  communicator: Communicator,
  numbers: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const names = Object.keys(numbers).sort();
  const values = Float32Array.from(names, (name) => numbers[name]!);
  await communicator.allReduce(values, "mean");
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}
