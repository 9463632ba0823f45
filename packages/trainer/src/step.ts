import { TrainingError } from "@simclr/core";
import type { Optimizer } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";
import { averageGradients, averageNumbers } from "./all-reduce.js";
import { checkedGradientNorm, checkFiniteLoss } from "./finite.js";
import type { StepContext, StepResult, TrainingTask } from "./task.js";

/** What one step needs, the same for all steps of a run. */
export interface StepParts<Batch> {
  readonly task: TrainingTask<Batch>;
  readonly optimizer: Optimizer;
}

/** What this step is to do besides. */
export interface StepRequest {
  /** Checks that every gradient is finite, and reports the metric `gradientNorm`. */
  readonly checkGradients: boolean;
  readonly learningRate: number;
  /** Whether this rank wants to stop; the outcome says whether any rank does. */
  readonly wantsStop: boolean;
  /** Whether this rank takes the run for done; the outcome says whether any rank does. */
  readonly wantsEnd: boolean;
}

export interface StepOutcome {
  readonly loss: number;
  readonly metrics: Record<string, number>;
  readonly learningRate: number;
  readonly stopWanted: boolean;
  readonly endWanted: boolean;
}

/**
 * One update: loss and gradients of the batch, checked and averaged over the ranks, then the optimizer. Leaves no tensor
 * behind, whatever happens, and no weight changed where it throws before the update.
 */
export async function runStep<Batch>(
  { task, optimizer }: StepParts<Batch>,
  batch: Batch,
  context: StepContext,
  request: StepRequest,
): Promise<StepOutcome> {
  const { step, epoch, communicator } = context;
  const { learningRate } = request;
  if (!(Number.isFinite(learningRate) && learningRate >= 0))
    throw new TrainingError(
      `The learning rate of step ${step} is ${learningRate}; expected a finite number >= 0. Correct the schedule, or the hook that sets it.`,
      { subject: "learningRate", expected: "a finite number >= 0", received: String(learningRate) },
    );
  const place = { task: task.name, step, epoch, learningRate };
  const result = await task.step(batch, context);
  let gradients = result.gradients;
  let updated = false;
  try {
    checkGradientNames(task, gradients);
    let numbers = await readNumbers(result);
    let { wantsStop: stopWanted, wantsEnd: endWanted } = request;
    if (communicator.size > 1) {
      numbers = await averageNumbers(communicator, { ...numbers, stop: Number(stopWanted), end: Number(endWanted) });
      stopWanted = numbers.stop! > 0;
      endWanted = numbers.end! > 0;
    }
    const loss = numbers.loss!;
    checkFiniteLoss(loss, place);
    if (communicator.size > 1) gradients = await averageGradients(communicator, gradients);
    const metrics: Record<string, number> = {};
    for (const name of Object.keys(result.metrics)) metrics[name] = numbers[`metric/${name}`]!;
    if (request.checkGradients) metrics.gradientNorm = await checkedGradientNorm(gradients, place);
    optimizer.apply(task.weights, gradients, learningRate);
    updated = true;
    result.commit?.();
    return { loss, metrics, learningRate, stopWanted, endWanted };
  } finally {
    if (!updated) result.discard?.();
    tf.dispose([result.loss, result.gradients, result.metrics as tf.TensorContainerObject]);
    if (gradients !== result.gradients) tf.dispose(gradients);
  }
}

/** An optimizer leaves a weight without a gradient as it is; the trainer takes it for a mistake. */
function checkGradientNames(
  task: Pick<TrainingTask<never>, "name" | "weights">,
  gradients: StepResult["gradients"],
): void {
  const missing = task.weights.filter(({ name }) => gradients[name] == null).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new TrainingError(
    `task "${task.name}": the step gave no gradient for ${missing.length} of ${task.weights.length} weights, "${missing[0]}" first. Return one per weight, by weight name, or leave weights that are not trained out of \`weights\`.`,
    { subject: missing[0]! },
  );
}

async function readNumbers({ loss, metrics }: StepResult): Promise<Record<string, number>> {
  const entries: [string, tf.Scalar | number][] = [["loss", loss]];
  for (const [name, value] of Object.entries(metrics)) entries.push([`metric/${name}`, value]);
  const values = await Promise.all(
    entries.map(async ([, value]) => (typeof value === "number" ? value : (await value.data())[0]!)),
  );
  return Object.fromEntries(entries.map(([name], i) => [name, values[i]!]));
}
