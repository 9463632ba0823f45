import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { BACKEND_NAME, FlatProgram, float32, int32 } from "./launch.js";

const THREADS = 256;
/** Partial sums of squares; one workgroup each. */
const MAX_PARTS = 256;
/** Elements that one thread sums at least. */
const MIN_RUN = 8;

interface Attributes {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly trustCoefficient?: number;
  readonly adapt?: boolean;
}

type Inputs = Readonly<Record<"param" | "grad" | "velocity", tf.TensorInfo>>;

/** Sums of squares of the parameter and of its decayed gradient, in parts: `[parts, 2]`. */
class SquaresProgram implements WebGPUProgram {
  readonly variableNames = ["param", "grad"];
  readonly outputShape: number[];
  readonly uniforms = "items : i32, parts : i32, decay : f32,";
  readonly workgroupSize: [number, number, number] = [THREADS, 1, 1];
  readonly dispatchLayout = { x: [0], y: [1] };
  readonly shaderKey = "simclr-squares";
  dispatch: [number, number, number];

  constructor(parts: number) {
    this.outputShape = [parts, 2];
    this.dispatch = [parts, 1, 1];
  }

  getUserCode(): string {
    return `
    var<workgroup> sums : array<vec2<f32>, ${THREADS}>;
    fn main() {
      let thread = i32(localIndex); let part = i32(workgroupId.x);
      var sum = vec2<f32>();
      for (var i = part * ${THREADS} + thread; i < uniforms.items; i += uniforms.parts * ${THREADS}) {
        let p = param[i]; let g = grad[i] + uniforms.decay * p;
        sum += vec2<f32>(p * p, g * g);
      }
      sums[thread] = sum;
      for (var half = ${THREADS / 2}; half > 0; half /= 2) {
        workgroupBarrier();
        if (thread < half) { sums[thread] += sums[thread + half]; }
      }
      if (thread == 0) { result[part * 2] = sums[0].x; result[part * 2 + 1] = sums[0].y; }
    }`;
  }
}

/** `[1]`: the trust ratio, and 1 where either norm is 0. */
function trustRatio(backend: WebGPUBackend, { param, grad }: Inputs, { weightDecay, trustCoefficient }: Attributes) {
  const size = tf.util.sizeFromShape(param.shape);
  const parts = Math.min(MAX_PARTS, Math.ceil(size / (THREADS * MIN_RUN)));
  const decay = [int32(size), int32(parts), float32(weightDecay)];
  const squares = backend.runWebGPUProgram(new SquaresProgram(parts), [param, grad], "float32", decay);
  const ratio = new FlatProgram(
    "trustRatio",
    [1],
    1,
    { squares: 1 },
    "parts : i32, coefficient : f32,",
    `var sum = vec2<f32>();
     for (var i = 0; i < uniforms.parts; i++) { sum += vec2<f32>(squares[2 * i], squares[2 * i + 1]); }
     value = select(1.0, uniforms.coefficient * sqrt(sum.x) / sqrt(sum.y), min(sum.x, sum.y) > 0.0);`,
  );
  const uniforms = [int32(1), int32(parts), float32(trustCoefficient!)];
  const result = backend.runWebGPUProgram(ratio, [squares], "float32", uniforms);
  backend.disposeData(squares.dataId);
  return result;
}

/**
 * One optimizer step in two passes, and three with a trust ratio. With LARS the learning rate is inside the velocity, with
 * momentum outside.
 */
function update(backend: WebGPUBackend, inputs: Inputs, attributes: Attributes, lars: boolean): tf.TensorInfo[] {
  const { param, grad, velocity } = inputs;
  const { learningRate, momentum, weightDecay, nesterov } = attributes;
  const adapts = lars && attributes.adapt === true;
  const ratio = adapts ? trustRatio(backend, inputs, attributes) : undefined;
  const size = tf.util.sizeFromShape(param.shape);
  const width = size % 4 === 0 ? 4 : 1;
  const uniforms = "rate : f32, momentum : f32, decay : f32,";
  const values = [int32(size / width), float32(learningRate), float32(momentum), float32(weightDecay)];
  const trust = adapts ? " * ratio[0]" : "";
  const step = `${lars ? `(uniforms.rate${trust}) * ` : ""}(grad[index] + uniforms.decay * param[index])`;
  const kind = `${lars ? "lars" : "momentum"}${adapts ? "-adapt" : ""}`;
  const withRatio = <T>(base: Record<string, T>, value: T | undefined) =>
    value === undefined ? base : { ...base, ratio: value };
  const one = adapts ? (1 as const) : undefined;

  const velocityProgram = new FlatProgram(
    `${kind}Velocity`,
    velocity.shape.length === 0 ? [] : velocity.shape,
    width,
    withRatio<1 | 4>({ param: width, grad: width, velocity: width }, one),
    uniforms,
    `value = uniforms.momentum * velocity[index] + ${step};`,
  );
  const velocityInputs = withRatio<tf.TensorInfo>({ param, grad, velocity }, ratio);
  const next = backend.runWebGPUProgram(velocityProgram, Object.values(velocityInputs), "float32", values);

  const change = nesterov ? `(uniforms.momentum * next[index] + ${step})` : "next[index]";
  const needed = nesterov
    ? withRatio<tf.TensorInfo>({ param, next, grad }, ratio)
    : ({ param, next } as Record<string, tf.TensorInfo>);
  const components = Object.fromEntries(Object.keys(needed).map((name) => [name, name === "ratio" ? 1 : width]));
  const paramProgram = new FlatProgram(
    `${kind}Param${nesterov ? "-nesterov" : ""}`,
    param.shape,
    width,
    components as Record<string, 1 | 4>,
    uniforms,
    `value = param[index] - ${lars ? change : `uniforms.rate * ${change}`};`,
  );
  const result = backend.runWebGPUProgram(paramProgram, Object.values(needed), "float32", values);
  if (ratio) backend.disposeData(ratio.dataId);
  return [result, next];
}

interface AdamWAttributes {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly update: number;
}

type AdamWInputs = Readonly<Record<"param" | "grad" | "firstMoment" | "secondMoment", tf.TensorInfo>>;

/** One step of AdamW in three passes: a program of this backend has one result. */
function adamWUpdate(
  backend: WebGPUBackend,
  { param, grad, firstMoment, secondMoment }: AdamWInputs,
  { learningRate, beta1, beta2, epsilon, weightDecay, update }: AdamWAttributes,
): tf.TensorInfo[] {
  const width = tf.util.sizeFromShape(param.shape) % 4 === 0 ? 4 : 1;
  const run = (name: string, inputs: Record<string, tf.TensorInfo>, uniforms: Record<string, number>, code: string) => {
    const components = Object.fromEntries(Object.keys(inputs).map((input) => [input, width] as const));
    const declared = Object.keys(uniforms).map((uniform) => `${uniform} : f32,`);
    const program = new FlatProgram(name, param.shape, width, components, declared.join(" "), code);
    const values = Object.values(uniforms).map((value) => float32(value));
    return backend.runWebGPUProgram(program, Object.values(inputs), "float32", [int32(program.items), ...values]);
  };
  const nextFirst = run(
    "adamWFirstMoment",
    { firstMoment, grad },
    { beta: beta1, rest: 1 - beta1 },
    "value = uniforms.beta * firstMoment[index] + uniforms.rest * grad[index];",
  );
  const nextSecond = run(
    "adamWSecondMoment",
    { secondMoment, grad },
    { beta: beta2, rest: 1 - beta2 },
    "value = uniforms.beta * secondMoment[index] + uniforms.rest * (grad[index] * grad[index]);",
  );
  // The corrections of the bias are made here, in float64.
  const uniforms = {
    kept: 1 - learningRate * weightDecay,
    rate: learningRate / (1 - beta1 ** update),
    scale: 1 / Math.sqrt(1 - beta2 ** update),
    epsilon,
  };
  const nextParam = run(
    "adamWParam",
    { param, nextFirst, nextSecond },
    uniforms,
    `value = uniforms.kept * param[index]
       - uniforms.rate * (nextFirst[index] / (sqrt(nextSecond[index]) * uniforms.scale + uniforms.epsilon));`,
  );
  return [nextParam, nextFirst, nextSecond];
}

/** Registers the named kernels that `larsUpdate`, `momentumUpdate` and `adamWUpdate` of `@simclr/ops` look for. */
export function registerOptimizerUpdates(): void {
  for (const [kernelName, lars] of [
    ["SimclrLarsUpdate", true],
    ["SimclrMomentumUpdate", false],
  ] as const)
    tf.registerKernel({
      kernelName,
      backendName: BACKEND_NAME,
      kernelFunc: ({ inputs, attrs, backend }) =>
        update(backend as WebGPUBackend, inputs as unknown as Inputs, attrs as unknown as Attributes, lars),
    });
  tf.registerKernel({
    kernelName: "SimclrAdamWUpdate",
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) =>
      adamWUpdate(backend as WebGPUBackend, inputs as unknown as AdamWInputs, attrs as unknown as AdamWAttributes),
  });
}
