import type { ImageBatch, Random } from "@simclr/core";
import { BatchStatistics } from "@simclr/models";
import type { StepContext, StepResult } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { acrossRanks } from "./across-ranks.js";
import { batchParts, drawViews } from "./batch-parts.js";
import type { Encoded, MethodStep } from "./define-method.js";
import { weightGradients } from "./gradients.js";
import { measure, type ShareRows, type StepParts, sharedRows, stepResult, withRows } from "./step-parts.js";

/** What all parts of a batch gave, joined; to be disposed. */
interface Joined {
  readonly encoded: Required<Encoded>;
  readonly targets: readonly tf.Tensor2D[];
}

/**
 * Gradient caching: the gradient of the loss of a whole batch, whose images go through the network in parts.
 *
 * First all parts are encoded without a tape, for the rows of the whole batch. Then the loss is differentiated with
 * respect to these rows. At last each part is encoded again, with the same views, on a tape, and back-propagates its share
 * of that gradient. Only one part's activations are in memory at a time. Running statistics of the trained network are
 * recorded in the second pass alone, and move once, by the mean over the parts.
 *
 * With several ranks, whose rows `share` gathers, the loss is that of the rows of all; batch norm normalises each part
 * together with the other ranks' parts of the same place.
 *
 * @see Gao et al. 2021, arXiv:2101.06983
 */
export function cachedStep(
  parts: StepParts,
  plan: MethodStep,
  batch: ImageBatch,
  context: StepContext,
  microBatch: number,
  share?: ShareRows,
): StepResult {
  const slices = batchParts(batch, microBatch);
  const { statisticsParts } = parts;
  const statistics = new BatchStatistics();
  let joined: Joined | undefined;
  let differentiated: Differentiated | undefined;
  let gradients: Record<string, tf.Tensor> = {};
  try {
    joined = encodeParts(parts, plan, slices, context, statistics, share);
    const { encoded, targets } = joined;
    differentiated = differentiateLoss(parts, plan, encoded, targets, share);
    for (const [i, slice] of slices.entries()) {
      const views = drawViews(slice, parts.views, context);
      const { rowGradients } = differentiated;
      const surrogate = (): tf.Scalar => {
        const random = drawsOf(context, i);
        const pass = { training: true, statistics, statisticsParts, random, ...acrossRanks(context) };
        const { rows } = withRows(plan.encode(views, pass));
        const shares = rowGradients.map((g) => tf.slice2d(g, [i * microBatch, 0], [microBatch, -1]));
        return tf.addN(rows.map((row, v) => tf.sum(tf.mul(row, shares[v]!)))) as tf.Scalar;
      };
      const share = weightGradients(surrogate, parts.encoderWeights);
      tf.dispose([share.loss, ...views]);
      gradients = add(gradients, share.gradients);
    }
    gradients = { ...gradients, ...differentiated.lossGradients };
    const { loss, metrics } = differentiated;
    return stepResult(plan, loss, gradients, metrics, targets, statistics, () => statistics.applyMean());
  } catch (error) {
    statistics.dispose();
    const { loss = [], lossGradients = {}, metrics = {} } = differentiated ?? {};
    tf.dispose([gradients, metrics, loss, lossGradients]);
    tf.dispose([...(joined?.targets ?? [])]);
    throw error;
  } finally {
    tf.dispose([...(differentiated?.rowGradients ?? [])]);
    tf.dispose([...(joined?.encoded.rows ?? []), ...(joined?.encoded.projections ?? [])]);
  }
}

function encodeParts(
  parts: StepParts,
  plan: MethodStep,
  slices: readonly ImageBatch[],
  context: StepContext,
  statistics: BatchStatistics,
  share: ShareRows | undefined,
): Joined {
  const seen: Joined[] = slices.map((slice, i) =>
    tf.tidy(() => {
      const views = drawViews(slice, parts.views, context);
      const random = drawsOf(context, i);
      const { statisticsParts } = parts;
      const ranks = acrossRanks(context);
      const { projections, rows } = plan.encode(views, { training: true, statisticsParts, random, ...ranks });
      const pass = { training: true, statistics, statisticsParts, random: random.fork("targets"), ...ranks };
      const targets = plan.targets?.(views, pass) ?? [];
      return { encoded: { projections: [...projections], rows: [...(rows ?? [])] }, targets: [...targets] };
    }),
  );
  const join = (of: (part: Joined) => readonly tf.Tensor2D[]): tf.Tensor2D[] =>
    of(seen[0]!).map((_, v) =>
      tf.concat2d(
        seen.map((part) => of(part)[v]!),
        0,
      ),
    ); // [N, …]
  const projections = join(({ encoded }) => encoded.projections);
  const rows = join(({ encoded }) => encoded.rows);
  const ownTargets = join((part) => part.targets);
  const targets = share === undefined ? ownTargets : tf.tidy(() => ownTargets.map(share));
  if (share !== undefined) tf.dispose(ownTargets);
  for (const { encoded, targets: own } of seen) tf.dispose([...encoded.projections, ...encoded.rows, ...own]);
  return { encoded: withRows({ projections, ...(rows.length > 0 && { rows }) }), targets };
}

/** What random layers draw for a part: the same in both passes. */
const drawsOf = ({ random, step }: StepContext, part: number): Random => random.fork("network", step, part);

interface Differentiated {
  readonly loss: tf.Scalar;
  /** As the rows. */
  readonly rowGradients: readonly tf.Tensor2D[];
  readonly lossGradients: Record<string, tf.Tensor>;
  readonly metrics: Record<string, tf.Scalar>;
}

function differentiateLoss(
  { lossWeights }: StepParts,
  plan: MethodStep,
  encoded: Required<Encoded>,
  targets: readonly tf.Tensor2D[],
  share: ShareRows | undefined,
): Differentiated {
  const { rows } = encoded;
  const inputs = [...rows, ...lossWeights.map(({ variable }) => variable)];
  let metrics: Record<string, tf.Scalar> = {};
  const { value, grads } = tf.valueAndGrads(() => {
    const all = share === undefined ? encoded : sharedRows(encoded, share);
    metrics = measure(plan, all, targets);
    return plan.loss(all, targets);
  })(inputs);
  const lossGradients = Object.fromEntries(lossWeights.map(({ name }, i) => [name, grads[rows.length + i]!]));
  const rowGradients = grads.slice(0, rows.length) as tf.Tensor2D[];
  return { loss: value as tf.Scalar, rowGradients, lossGradients, metrics };
}

/** The sums by name; disposes what it was given. */
function add(sums: Record<string, tf.Tensor>, terms: Record<string, tf.Tensor>): Record<string, tf.Tensor> {
  const result = Object.fromEntries(
    Object.entries(terms).map(([name, term]) => [
      name,
      sums[name] === undefined ? tf.clone(term) : tf.add(sums[name], term),
    ]),
  );
  tf.dispose([sums, terms]);
  return result;
}
