import type { Augmentation } from "@simclr/augment";
import { type Communicator, checkInteger, type ImageBatch, InvalidArgumentError, type Random } from "@simclr/core";
import { BatchStatistics, type NetworkParts } from "@simclr/models";
import type { StepContext, StepResult, TrainingTask } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { acrossRanks } from "./across-ranks.js";
import { drawViews } from "./batch-parts.js";
import { cachedStep } from "./cached-step.js";
import type { Method, MethodStep } from "./define-method.js";
import { trainable, weightGradients } from "./gradients.js";
import { measure, type ShareRows, type StepParts, sharedRows, stepResult, withRows } from "./step-parts.js";

export interface MethodTaskOptions<Options extends object> extends NetworkParts {
  /** A built-in one of `methods`, or one of your own from `defineMethod`. */
  readonly method: Method<Options>;
  /** The method's. @defaultValue its defaults */
  readonly options?: Options | undefined;
  /** Drawn anew for each view. */
  readonly recipe: readonly Augmentation[];
  /** First values of what the method adds, such as a predictor, are drawn from it; not advanced. */
  readonly random: Random;
  /**
   * Images that go through the network at a time, >= 1; a batch must have a multiple of it. The gradient is that of the
   * whole batch, all its negatives included; batch norm normalises in groups of `microBatch` images. A step then takes one
   * more forward pass. With several ranks it counts the images of each: a group then has `microBatch` images of every rank.
   * @defaultValue the whole batch
   */
  readonly microBatch?: number | undefined;
  /**
   * The rows of a forward pass, one view after the other, are so many parts of equal size, and batch norm normalises each by
   * itself: 2 keeps two views apart, as programs have them that encode one after the other. @defaultValue 1
   */
  readonly statisticsParts?: number | undefined;
  /**
   * The rows of all ranks, in rank order, with their gradient: `gatherRows` of `@simclr/distributed`. Every rank then takes
   * the loss of the whole batch, so that the mean of the ranks' gradients is that of the whole batch. Needed on several
   * ranks. @defaultValue one rank
   */
  readonly gather?: ((rows: tf.Tensor2D, communicator: Communicator) => tf.Tensor2D) | undefined;
}

/** A pretraining task; it owns what the method added to the network. */
export interface MethodTask extends TrainingTask<ImageBatch> {
  /** The recipe of each view. */
  readonly views: readonly (readonly Augmentation[])[];
  /** Disposes what the method added; the encoder and the head stay. */
  dispose(): void;
}

/**
 * The task that pretrains an encoder and a projection head with a method. Labels are not read.
 *
 * Metrics of a step: `projectionDeviation`, which is about 1 for projections that are well spread and 0 after a collapse,
 * and those of the method.
 *
 * @throws InvalidArgumentError if the options do not fit the method; in a step, for a batch that `microBatch` does not
 * divide, and on several ranks without `gather`.
 */
export function methodTask<Options extends object>(options: MethodTaskOptions<Options>): MethodTask {
  const { method, encoder, head, recipe, random, microBatch, gather, statisticsParts } = options;
  if (microBatch !== undefined) checkInteger("methodTask", { microBatch }, 1);
  if (statisticsParts !== undefined) checkInteger("methodTask", { statisticsParts }, 1);
  const built = method.build({ encoder, head, random }, options.options);
  const { weights = [], lossWeights = [], state = [] } = built.parts;
  const own = [...weights, ...lossWeights, ...state];
  const parts: StepParts = {
    built,
    views: built.views(recipe),
    encoderWeights: trainable([...encoder.weights, ...head.weights, ...weights]),
    lossWeights,
    statisticsParts,
  };
  return {
    name: method.name,
    weights: [...parts.encoderWeights, ...lossWeights],
    state: [...encoder.weights, ...head.weights, ...own],
    views: parts.views,
    async step(batch, context) {
      const { communicator } = context;
      const isShared = communicator.size > 1;
      if (isShared && gather === undefined) refuseRanks(method.name, communicator);
      const share = isShared ? (rows: tf.Tensor2D) => gather!(rows, communicator) : undefined;
      const { step, epoch, totalSteps } = context;
      const plan = built.step({ step, epoch, totalSteps });
      const isWhole = microBatch === undefined || microBatch === batch.indices.length;
      return isWhole
        ? wholeStep(parts, plan, batch, context, share)
        : cachedStep(parts, plan, batch, context, microBatch, share);
    },
    dispose: () => tf.dispose(own.map(({ variable }) => variable)),
  };
}

/** The gradient of a batch that goes through the network at once. */
function wholeStep(
  parts: StepParts,
  plan: MethodStep,
  batch: ImageBatch,
  context: StepContext,
  share?: ShareRows,
): StepResult {
  const statistics = new BatchStatistics();
  const random = context.random.fork("network", context.step);
  const { statisticsParts } = parts;
  const pass = { training: true, statistics, random, statisticsParts, ...acrossRanks(context) };
  const views = drawViews(batch, parts.views, context);
  const allTargets = (own: readonly tf.Tensor2D[]) => (share === undefined ? [...own] : own.map(share));
  let targets: readonly tf.Tensor2D[] = [];
  let metrics: Record<string, tf.Scalar> = {};
  try {
    if (plan.targets !== undefined) targets = tf.tidy(() => allTargets(plan.targets!(views, pass)));
    const { loss, gradients } = weightGradients(() => {
      const own = plan.encode(views, pass);
      const encoded = share === undefined ? withRows(own) : sharedRows(own, share);
      metrics = measure(plan, encoded, targets);
      return plan.loss(encoded, targets);
    }, [...parts.encoderWeights, ...parts.lossWeights]);
    return stepResult(plan, loss, gradients, metrics, targets, statistics, () => statistics.apply());
  } catch (error) {
    statistics.dispose();
    tf.dispose([...targets, ...Object.values(metrics)]);
    throw error;
  } finally {
    tf.dispose(views);
  }
}

function refuseRanks(name: string, { size }: Communicator): never {
  throw new InvalidArgumentError(
    `method "${name}": on ${size} ranks, whose losses need the projections of all, expected \`gather\`; received none. Pass \`gatherRows\` of @simclr/distributed, or train on one rank.`,
    { subject: "gather", expected: "`gather`", received: "none" },
  );
}
