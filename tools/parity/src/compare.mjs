import * as tf from "@tensorflow/tfjs-core";
import { references } from "./references.mjs";

/** Largest difference that is allowed, relative to the largest value of the result. */
export const LIMIT = 1e-4;

/**
 * A recorded call on webgpu beside cpu.
 * @typedef {object} Comparison
 * @property {import("./record.mjs").Call} call
 * @property {number} error - The largest difference of a result, relative to its largest value.
 */

/**
 * Makes recorded calls again, on cpu and on webgpu.
 * @param calls - As a `Recorder` gives them.
 * @param forwards - Whether kernels of few elements may run on the CPU, as tfjs does by default.
 * @returns {Promise<Comparison[]>}
 */
export async function compareCalls(calls, forwards) {
  const expected = await replayAll(calls, "cpu");
  tf.env().set("WEBGPU_CPU_FORWARD", forwards);
  const actual = await replayAll(calls, "webgpu");
  return calls.map((call, i) => ({ call, error: worstError(actual[i], expected[i]) }));
}

async function replayAll(calls, backend) {
  await tf.setBackend(backend);
  await tf.ready();
  const results = [];
  for (const call of calls) {
    const outputs = tf.tidy(() => replay(call, backend));
    const values = await Promise.all(outputs.map((output) => output.data()));
    tf.dispose(outputs);
    results.push(values);
  }
  return results;
}

function replay(call, backend) {
  const isPoolGradient = call.name === "MaxPoolGrad" || (call.kind === "gradient" && call.name === "MaxPool");
  const tensors = call.inputs.map(({ name, values, shape, dtype }) =>
    tf.tensor(isPoolGradient && POOLED.has(name) ? untied(values) : values, shape, dtype),
  );
  return call.kind === "kernel" ? replayKernel(call, tensors, backend) : replayGradient(call, tensors);
}

/** What a maximum is taken of, among the inputs of its gradient. */
const POOLED = new Set(["input", "saved0"]);

/**
 * Of equal maxima cpu takes the first and webgpu the last. They are zeros that a ReLU left, which passes no gradient to any of
 * them; here they are told apart.
 */
function untied(values) {
  return values.map((value, i) => value + 1e-3 * ((i * 0.618_034) % 1));
}

function replayKernel({ name, inputs, isList, attrs }, tensors, backend) {
  const named = isList ? tensors : Object.fromEntries(inputs.map(({ name }, i) => [name, tensors[i]]));
  if (tf.getKernel(name, backend) !== undefined) return [tf.engine().runKernel(name, named, attrs)].flat();
  if (references[name] === undefined)
    throw new Error(`parity: ${backend} has no kernel ${name}. Say in src/references.mjs what it computes.`);
  return references[name](named, attrs);
}

function replayGradient({ name, arriving, attrs, wanted }, tensors) {
  const count = Math.abs(arriving);
  const dy = tensors.slice(0, count);
  const gradients = tf.getGradient(name).gradFunc(arriving < 0 ? dy[0] : dy, tensors.slice(count), attrs);
  return [...wanted].map((each) => gradients[each]());
}

function worstError(actual, expected) {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...expected.map((values, i) => relativeError(actual[i], values)));
}

/** Values that are not finite must be the same. */
export function relativeError(actual, expected) {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) {
      if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
      continue;
    }
    if (!Number.isFinite(actual[i]) || !Number.isFinite(expected[i])) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return largest === 0 ? difference : difference / largest;
}
