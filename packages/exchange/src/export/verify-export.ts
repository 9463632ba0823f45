import { CheckpointError, Random } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Model } from "../model/model.js";
import { modelOutputs } from "./trace/trace-model.js";

/** Runs an export: images `[N, H, W, C]` to outputs by name. */
export type RunExport = (
  images: Float32Array,
  shape: [number, number, number, number],
) => Promise<Record<string, Float32Array>>;

/** How far an export is from its model. */
export interface ExportCheck {
  /** Largest difference of any output, relative to the largest magnitude of that output. */
  readonly difference: number;
}

/** Float32 rounds differently in another program; a wrong layout or padding differs by far more. */
const TOLERANCE = 1e-3;

/**
 * Runs an export and its model on two random images and compares what they answer.
 *
 * @param where - Name of the file, for messages.
 * @throws CheckpointError if they differ by more than rounding, or the model's own outputs are not finite.
 */
export async function verifyExport(model: Model, where: string, run: RunExport): Promise<ExportCheck> {
  const { imageSize } = model.preprocessing;
  const shape: [number, number, number, number] = [2, imageSize, imageSize, model.encoder.input.channels];
  const random = Random.fromSeed(0).fork("verify-export");
  const images = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.uniform(0, 1));
  const outputs = tf.tidy(() => modelOutputs(model, tf.tensor4d(images, shape)));
  try {
    const actual = await run(images, shape);
    let difference = 0;
    for (const [name, tensor] of Object.entries(outputs)) {
      const expected = await tensor.data<"float32">();
      if (!expected.every(Number.isFinite))
        throw new CheckpointError(
          `${where} cannot be checked: the model's own ${name} is not finite for images of random pixels. Look at its weights: a running variance may be negative, or training may have diverged.`,
          { subject: where, expected: "finite outputs", received: name },
        );
      difference = Math.max(difference, relativeDifference(actual[name], expected));
    }
    if (!(difference <= TOLERANCE))
      throw new CheckpointError(
        `${where} does not compute what the model computes: its outputs differ by ${difference} of the largest, where at most ${TOLERANCE} are expected. Please report it.`,
        { subject: where, expected: `at most ${TOLERANCE}`, received: String(difference) },
      );
    return { difference };
  } finally {
    tf.dispose(outputs);
  }
}

function relativeDifference(actual: Float32Array | undefined, expected: Float32Array): number {
  if (actual?.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [largest, difference] = [0, 0];
  for (const [i, value] of expected.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const distance = Math.abs(actual[i]! - value);
    difference = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : Math.max(difference, distance);
  }
  return largest === 0 ? difference : difference / largest;
}
