import { TrainingError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

/** Where a number turned up, for the message. */
export interface StepPlace {
  readonly task: string;
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
}

/** How many weights an error names before it only counts. */
const LISTED = 3;

const remedy = (step: number): string =>
  `The weights are as they were before this step. ${
    step === 0
      ? "Look for images or labels that are not finite numbers, then lower the learning rate."
      : "Lower the learning rate or lengthen the warm-up, and resume from the last checkpoint."
  }`;

/** @throws TrainingError unless the loss is a finite number. */
export function checkFiniteLoss(loss: number, place: StepPlace): void {
  if (Number.isFinite(loss)) return;
  const { task, step, epoch, learningRate } = place;
  throw new TrainingError(
    `task "${task}": the loss of step ${step} (epoch ${epoch}) is ${loss}, at learning rate ${learningRate}; expected a finite number. ${remedy(step)}`,
    { subject: "loss", expected: "a finite number", received: String(loss) },
  );
}

/**
 * The Euclidean norm of all gradients together.
 *
 * @param gradients - Float32 tensors by weight name. Borrowed.
 * @throws TrainingError that names the weights whose gradient is not finite.
 */
export async function checkedGradientNorm(
  gradients: Readonly<Record<string, tf.Tensor>>,
  place: StepPlace,
): Promise<number> {
  const names = Object.keys(gradients);
  if (names.length === 0) return 0;
  const squares = tf.tidy(() => tf.stack(names.map((name) => tf.sum(tf.square(gradients[name]!))))); // [weights]
  const values = await squares.data<"float32">();
  squares.dispose();
  const culprits = names.filter((_, i) => !Number.isFinite(values[i]));
  if (culprits.length === 0) return Math.sqrt(values.reduce((sum, value) => sum + value, 0));
  const { task, step, epoch, learningRate } = place;
  const listed = culprits.slice(0, LISTED).map((name) => `"${name}"`);
  const more = culprits.length > LISTED ? ` and ${culprits.length - LISTED} more` : "";
  throw new TrainingError(
    `task "${task}": ${culprits.length} of ${names.length} gradients of step ${step} (epoch ${epoch}) are not finite, at learning rate ${learningRate}: ${listed.join(", ")}${more}. ${remedy(step)}`,
    { subject: culprits[0]!, expected: "finite gradients" },
  );
}
