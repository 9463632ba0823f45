/** A function and its gradient at a point. */
export interface ValueAndGradient {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LbfgsOptions {
  /** Steps at most, >= 1. */
  readonly iterations: number;
  /** Stop once no component of the gradient is larger. */
  readonly tolerance: number;
  /** Pairs of steps and gradient changes that shape the direction. @defaultValue 10 */
  readonly memory?: number;
}

export interface LbfgsResult {
  readonly point: Float64Array;
  readonly value: number;
  /** Largest component of the gradient there. */
  readonly gradientSize: number;
  /** Steps taken. */
  readonly iterations: number;
  /** Whether the gradient is within the tolerance; false after the last iteration, or where rounding ends all progress. */
  readonly converged: boolean;
}

/** Constants of the weak Wolfe conditions: of the decrease, and of the slope. */
const DECREASE = 1e-4;
const SLOPE = 0.9;
/** Near the minimum, values in float32 differ by rounding alone: so much, relative to them, is no rise. */
const ROUNDING = 1e-6;
const LINE_TRIALS = 25;

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / (step · change). */
  readonly inverse: number;
}

/**
 * Minimises a smooth function by L-BFGS: Newton's direction with the curvature that the last steps have shown, and a line
 * search by bisection for the weak Wolfe conditions.
 *
 * @param start - Not changed.
 * @see Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5
 */
export async function lbfgs(
  f: (point: Float64Array) => Promise<ValueAndGradient>,
  start: Float64Array,
  { iterations, tolerance, memory = 10 }: LbfgsOptions,
): Promise<LbfgsResult> {
  const pairs: Pair[] = [];
  let point: Float64Array = start.slice();
  let here = await f(point);
  for (let iteration = 0; ; iteration++) {
    const gradientSize = largest(here.gradient);
    const converged = gradientSize <= tolerance;
    const done: LbfgsResult = { point, value: here.value, gradientSize, iterations: iteration, converged };
    if (converged || iteration === iterations) return done;
    let direction: Float64Array = newtonDirection(here.gradient, pairs);
    if (!(dot(direction, here.gradient) < 0)) {
      pairs.length = 0; // rounding made it point upwards: begin again with the steepest descent
      direction = here.gradient.map((g) => -g);
    }
    const first = pairs.length > 0 ? 1 : Math.min(1, 1 / largest(direction));
    const next = await lineSearch(f, point, here, direction, first);
    if (next === undefined) return done;
    const step = next.point.map((x, i) => x - point[i]!);
    const change = next.at.gradient.map((g, i) => g - here.gradient[i]!);
    const curvature = dot(step, change);
    if (curvature > 1e-12 * dot(change, change)) pairs.push({ step, change, inverse: 1 / curvature });
    if (pairs.length > memory) pairs.shift();
    point = next.point;
    here = next.at;
  }
}

/** -H g, with H the inverse Hessian that the pairs describe. */
function newtonDirection(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.slice();
  const shares: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { step, change, inverse } = pairs[i]!;
    shares[i] = inverse * dot(step, q);
    addScaled(q, -shares[i]!, change);
  }
  const last = pairs.at(-1);
  const scale = last === undefined ? 1 : 1 / (last.inverse * dot(last.change, last.change));
  for (const i of q.keys()) q[i]! *= scale;
  for (const [i, { step, change, inverse }] of pairs.entries()) {
    addScaled(q, shares[i]! - inverse * dot(change, q), step);
  }
  return q.map((x) => -x);
}

/** A point along the direction where the function has fallen enough, and its slope too; undefined where none is found. */
async function lineSearch(
  f: (point: Float64Array) => Promise<ValueAndGradient>,
  from: Float64Array,
  at: ValueAndGradient,
  direction: Float64Array,
  first: number,
): Promise<{ point: Float64Array; at: ValueAndGradient } | undefined> {
  const slope = dot(at.gradient, direction);
  let [low, high, length] = [0, Infinity, first];
  let best: { point: Float64Array; at: ValueAndGradient } | undefined;
  for (let trial = 0; trial < LINE_TRIALS; trial++) {
    const point = from.map((x, i) => x + length * direction[i]!);
    const there = await f(point);
    if (!(there.value <= at.value + DECREASE * length * slope + ROUNDING * Math.abs(at.value))) high = length;
    else {
      best = { point, at: there };
      if (dot(there.gradient, direction) >= SLOPE * slope) return best;
      low = length;
    }
    length = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, factor: number, other: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * other[i]!;
}

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
