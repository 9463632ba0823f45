import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { onednnInfo, onednnMemory } from "../loader.js";
import { setPrecision } from "../precision.js";
import { registerOnednnBackend } from "../register-backend.js";
import { expectNear, normal } from "../testing.js";
import { setWinograd } from "../winograd.js";

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});
afterEach(() => {
  setPrecision("float32");
  setWinograd(true);
});

/** The nearest bfloat16, ties to even, by its definition: 8 significant bits. */
function nearest(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -126) - 7);
  const below = Math.floor(value / unit);
  const above = value / unit - below;
  const up = above > 0.5 || (above === 0.5 && below % 2 !== 0);
  return Math.fround((below + (up ? 1 : 0)) * unit);
}

/** x held as bfloat16: what a convolution with the identity gives. Borrows x. */
function held(x: tf.Tensor): tf.Tensor4D {
  setPrecision("bfloat16");
  try {
    return tf.tidy(() => {
      const channels = x.shape.at(-1)!;
      const identity = tf.reshape(tf.eye(channels), [1, 1, channels, channels]) as tf.Tensor4D;
      return tf.conv2d(x as tf.Tensor4D, identity, 1, "same");
    });
  } finally {
    setPrecision("float32");
  }
}

function run(name: string, inputs: object, attrs: object): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap);
  return (Array.isArray(outputs) ? outputs : [outputs]) as unknown as tf.Tensor[];
}

/** Bytes of the pool that what `f` makes takes. */
function bytesOf(f: () => tf.Tensor): number {
  const before = onednnMemory().usedBytes;
  const result = f();
  const bytes = onednnMemory().usedBytes - before;
  result.dispose();
  return bytes;
}

const SHAPE = [2, 32, 32, 64]; // 512 KiB as float32

describe("a tensor held as bfloat16", () => {
  it("takes half the memory and reads as float32, rounded to the nearest, ties to even", () => {
    const special = [1, 1 + 2 ** -8, 1 + 2 ** -7 + 2 ** -8, -(1 + 2 ** -8), 3.4e38, Number.POSITIVE_INFINITY, 0];
    const x = normal(SHAPE, 1);
    const values = x.dataSync();
    const y = held(x);
    expect(bytesOf(() => held(x))).toBe(values.length * 2);
    expect(y.dtype).toBe("float32");
    expect(y.dataSync()).toBeInstanceOf(Float32Array);
    expect(Array.from(y.dataSync())).toEqual(Array.from(values, nearest));
    // Of two channels: with one, processors that multiply bfloat16 look at the next pixel too, and infinity times zero is NaN
    const pairs = special.flatMap((value) => [value, 0]);
    const both = held(tf.tensor(pairs, [1, special.length, 1, 2]));
    const one = Array.from(both.dataSync()).filter((_, i) => i % 2 === 0);
    // 3.4e38 lies nearer to what would be the next power of two than to the largest bfloat16
    const expected = [1, 1, 1 + 2 ** -6, -1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
    expect(one).toEqual(expected);
    const nan = held(tf.tensor([Number.NaN, 2], [1, 2, 1, 1]));
    expect(Array.from(nan.dataSync())).toEqual([Number.NaN, 2]);
  });

  it("is float32 to every kernel that does not know of it, on the host too", async () => {
    const y = held(normal([2, 5, 7, 3], 2));
    const plain = tf.tensor(y.dataSync(), y.shape);
    const functions: ((t: tf.Tensor) => tf.Tensor)[] = [
      (t) => tf.exp(t),
      (t) => tf.sum(t, [1, 2]),
      (t) => tf.transpose(t, [3, 0, 1, 2]),
      (t) => tf.concat([t, t], 3),
      (t) => tf.slice(t, [0, 1, 2, 0], [2, 2, 3, 3]),
      (t) => tf.reshape(t, [10, 21]),
      (t) => tf.matMul(tf.reshape(t, [10, 21]) as tf.Tensor2D, tf.reshape(t, [21, 10]) as tf.Tensor2D),
      (t) => tf.where(tf.greater(t, 0), t, 1),
      (t) => tf.cast(t, "int32"),
      (t) => tf.addN([t, t, t]),
      (t) => tf.erf(t),
      (t) => tf.avgPool(t as tf.Tensor4D, 2, 2, "same"),
      (t) => tf.greater(t, tf.zerosLike(t)),
    ];
    for (const f of functions) expect(Array.from(f(y).dataSync())).toEqual(Array.from(f(plain).dataSync()));
  });

  it("moves to another backend and back", async () => {
    const y = held(normal([1, 3, 3, 2], 3));
    const expected = Array.from(y.dataSync(), (v) => 2 * v);
    await tf.setBackend("cpu");
    expect(Array.from(tf.add(y, y).dataSync())).toEqual(expected);
    await tf.setBackend("onednn");
    expect(Array.from(tf.add(y, y).dataSync())).toEqual(expected);
  });
});

describe("element-wise functions", () => {
  it("keep bfloat16 where every operand of the result's size has it, and round once", () => {
    const [a, b] = [held(normal(SHAPE, 4)), held(normal(SHAPE, 5))];
    const row = normal([64], 6);
    const [A, B, R] = [a, b, row].map((t) => t.dataSync()) as [Float32Array, Float32Array, Float32Array];
    const cases: [() => tf.Tensor, (i: number) => number][] = [
      [() => tf.add(a, b), (i) => Math.fround(A[i]! + B[i]!)],
      [() => tf.mul(a, row), (i) => Math.fround(A[i]! * nearest(R[i % 64]!))],
      [() => tf.sub(row, a), (i) => Math.fround(nearest(R[i % 64]!) - A[i]!)],
      [() => tf.relu(a), (i) => Math.max(A[i]!, 0)],
    ];
    for (const [f, expected] of cases) {
      expect(bytesOf(f)).toBe(A.length * 2);
      expect(Array.from(f().dataSync())).toEqual(Array.from(A, (_, i) => nearest(expected(i))));
    }
    expect(bytesOf(() => tf.add(a, tf.tensor(B, SHAPE)))).toBe(A.length * 4 + B.length * 4); // with the operand
  });
});

describe("convolution of 3x3", () => {
  it.each([
    [2, 13, 11, 32, 48],
    [9, 4, 4, 160, 128],
  ])("computes in float32 where Winograd's method does, and rounds once: %d images of %dx%dx%d", (n, h, w, c, out) => {
    const [x, dy, filter] = [
      held(normal([n, h, w, c], 17)),
      held(normal([n, h, w, out], 18)),
      normal([3, 3, c, out], 19),
    ];
    const attrs = { strides: 1, pad: "same", dataFormat: "NHWC", dilations: 1 };
    const passes = (convert: (t: tf.Tensor) => tf.Tensor) => {
      const [X, DY] = [convert(x), convert(dy)];
      return [
        run("Conv2D", { x: X, filter }, attrs),
        run("Conv2DBackpropInput", { dy: DY, filter }, { ...attrs, inputShape: x.shape }),
        run("Conv2DBackpropFilter", { x: X, dy: DY }, { ...attrs, filterShape: filter.shape }),
      ].map(([t]) => Array.from(t!.dataSync()));
    };
    const exact = passes((t) => tf.tensor(t.dataSync(), t.shape));
    setPrecision("bfloat16");
    const [y, dx, dfilter] = passes((t) => t);
    setPrecision("float32");
    if (onednnInfo().ownIsa === "baseline") {
      // Without Winograd's method filters are rounded too.
      expectNear(y!, exact[0]!, 2e-2, "y");
      return;
    }
    expect(y).toEqual(exact[0]!.map(nearest));
    expect(dx).toEqual(exact[1]!.map(nearest));
    expect(dfilter).toEqual(exact[2]);
  });
});

describe("convolution of 3x3 from 16 channels to 16", () => {
  it.each([
    { images: [3, 32, 32], pad: "same" },
    { images: [2, 3, 48], pad: "same" },
    { images: [2, 11, 17], pad: "valid" },
    { images: [5, 17, 13], pad: "same" },
    {
      images: [1, 9, 31],
      pad: [
        [0, 0],
        [2, 1],
        [0, 4],
        [0, 0],
      ],
    },
    {
      images: [1, 1, 16],
      pad: [
        [0, 0],
        [2, 2],
        [2, 2],
        [0, 0],
      ],
    },
  ])("differs from float32's by its rounding: $images, padding $pad", ({ images, pad }) => {
    setWinograd(false); // float32's would be the larger difference
    const x = held(normal([...images, 16], 23));
    const filter = held(normal([3, 3, 16, 16], 24));
    const bias = normal([16], 25);
    const attrs = { strides: 1, pad, dataFormat: "NHWC", dilations: 1, inputShape: x.shape, filterShape: filter.shape };
    const dy = held(normal(run("Conv2D", { x, filter }, attrs)[0]!.shape, 26));
    const passes = (convert: (t: tf.Tensor) => tf.Tensor) => {
      const [X, DY, F] = [convert(x), convert(dy), tf.tensor(filter.dataSync(), filter.shape)];
      const [y] = run("FusedConv2D", { x: X, filter: F, bias }, { ...attrs, activation: "linear" });
      const [dx] = run("Conv2DBackpropInput", { dy: DY, filter: F }, attrs);
      const [dfilter] = run("Conv2DBackpropFilter", { x: X, dy: DY }, attrs);
      return [y!, dx!, dfilter!].map((t) => t.dataSync());
    };
    const exact = passes((t) => tf.tensor(t.dataSync(), t.shape));
    setPrecision("bfloat16");
    const [y, dx, dfilter] = passes((t) => t);
    for (const [i, rounded] of [y!, dx!].entries()) {
      const expected = Array.from(exact[i]!, nearest);
      // a sum that lies near the middle between two values may be rounded to either
      expectNear(rounded, expected, 2 ** -8, i === 0 ? "y" : "dx");
      expect(Array.from(rounded).filter((value, k) => value !== expected[k]).length).toBeLessThan(
        expected.length / 100,
      );
    }
    expectNear(dfilter!, exact[2]!, 3e-6, "dfilter");
  });

  it("shows NaN where it is looked at, and nowhere else", () => {
    const x = normal([2, 4, 16, 16], 27);
    const values = x.dataSync().slice();
    values[(16 + 15) * 16 + 3] = Number.NaN; // of the first image, the last pixel of the second line
    const attrs = { strides: 1, pad: "same", dataFormat: "NHWC", dilations: 1 };
    const filter = normal([3, 3, 16, 16], 28);
    setWinograd(false); // which processors without products of bfloat16 would use, and it gives NaN in whole tiles
    setPrecision("bfloat16");
    const [y] = run("Conv2D", { x: tf.tensor(values, x.shape), filter }, attrs);
    const seen = Array.from(y!.dataSync(), Number.isNaN).flatMap((nan, i) => (nan && i % 16 === 0 ? [i / 16] : []));
    expect(seen).toEqual([14, 15, 30, 31, 46, 47]);
  });
});

describe("gradients of filters with strides", () => {
  it.each([
    { x: [3, 17, 15, 16], filter: [3, 3, 16, 48], strides: 2, pad: "same" },
    { x: [9, 8, 8, 32], filter: [3, 3, 32, 16], strides: 2, pad: "valid" },
    { x: [2, 64, 33, 16], filter: [5, 3, 16, 32], strides: [1, 3], pad: "same" },
    { x: [1, 70, 71, 48], filter: [2, 2, 48, 32], strides: 2, pad: "same" },
  ])("are sums of products of the same numbers as float32's: $x, $filter", ({ x: xShape, filter, strides, pad }) => {
    const x = held(normal(xShape, 20));
    const attrs = { strides, pad, dataFormat: "NHWC", dilations: 1, filterShape: filter };
    const [y] = run("Conv2D", { x, filter: normal(filter, 21) }, attrs);
    const dy = held(normal(y!.shape, 22));
    const gradient = (a: tf.Tensor, b: tf.Tensor) => run("Conv2DBackpropFilter", { x: a, dy: b }, attrs)[0]!.dataSync();
    const exact = gradient(tf.tensor(x.dataSync(), x.shape), tf.tensor(dy.dataSync(), dy.shape));
    setPrecision("bfloat16");
    expectNear(gradient(x, dy), exact, 3e-6, "gradient");
  });
});

describe("max pooling", () => {
  it("is exact, and its gradient is summed in float32", () => {
    const x = held(normal([3, 17, 18, 32], 7));
    const plain = tf.tensor(x.dataSync(), x.shape) as tf.Tensor4D;
    const pool = (t: tf.Tensor4D) => tf.maxPool(t, 3, 2, "same");
    const y = pool(x);
    expect(bytesOf(() => pool(x))).toBeLessThan(y.size * 3);
    expect(Array.from(y.dataSync())).toEqual(Array.from(pool(plain).dataSync()));
    const dy = held(normal(y.shape, 8));
    const attrs = { filterSize: 3, strides: 2, pad: "same" };
    const [dx] = run("MaxPoolGrad", { dy, input: x, output: y }, attrs);
    const [exact] = run("MaxPoolGrad", { dy: tf.tensor(dy.dataSync(), dy.shape), input: plain, output: y }, attrs);
    expect(Array.from(dx!.dataSync())).toEqual(Array.from(exact!.dataSync(), nearest));
  });
});

describe("batch norm", () => {
  it.each([
    { relu: true, residual: true },
    { relu: false, residual: false },
  ])("%j differs from float32's by its rounding", ({ relu, residual: withResidual }) => {
    const plain = (t: tf.Tensor) => tf.tensor(t.dataSync(), t.shape);
    const [x, residual, dy] = [held(normal(SHAPE, 9)), held(normal(SHAPE, 10)), held(normal(SHAPE, 11))];
    const [gamma, beta] = [normal([64], 12), normal([64], 13)];
    const attrs = { epsilon: 1e-5, activation: relu ? "relu" : "none" };
    const forward = (convert: (t: tf.Tensor) => tf.Tensor) =>
      run(
        "SimclrBatchNorm",
        { x: convert(x), gamma, beta, ...(withResidual && { residual: convert(residual) }) },
        attrs,
      );
    const [y, mean, variance] = forward((t) => t) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [exactY, exactMean, exactVariance] = forward(plain) as [tf.Tensor, tf.Tensor, tf.Tensor];
    expect(mean.dataSync()).toEqual(exactMean.dataSync());
    expect(variance.dataSync()).toEqual(exactVariance.dataSync());
    expect(Array.from(y.dataSync())).toEqual(Array.from(exactY.dataSync(), nearest));
    const inference = { x, gamma, beta, mean, variance, ...(withResidual && { residual }) };
    expect(run("SimclrBatchNormInference", inference, attrs)[0]!.dataSync()).toEqual(y.dataSync());

    const backward = (convert: (t: tf.Tensor) => tf.Tensor) =>
      run(
        "SimclrBatchNormGrad",
        { dy: convert(dy), x: convert(x), y: convert(y), gamma, beta, mean, variance },
        { ...attrs, residual: withResidual },
      );
    const exact = backward(plain);
    const actual = backward((t) => t);
    expect(actual.length).toBe(withResidual ? 4 : 3);
    for (const [i, gradient] of actual.entries()) {
      const isActivation = i === 0 || i === 3;
      const expected = Array.from(exact[i]!.dataSync(), isActivation ? nearest : Number);
      expect(Array.from(gradient.dataSync()), `gradient ${i}`).toEqual(expected);
    }
  });
});

describe("convolution", () => {
  // 12 terms of 8 bits in a sum of float32: exact in any order
  it("rounds the filter and its result, and nothing else", () => {
    setPrecision("bfloat16");
    const x = tf.round(tf.mul(normal([2, 9, 8, 12], 14), 16)) as tf.Tensor4D;
    const filter = normal([1, 1, 12, 16], 15) as tf.Tensor4D;
    const [X, F] = [x.dataSync(), Array.from(filter.dataSync(), nearest)];
    const expected = Array.from({ length: 2 * 9 * 8 * 16 }, (_, i) => {
      let sum = 0;
      for (let c = 0; c < 12; c++) sum += X[Math.floor(i / 16) * 12 + c]! * F[c * 16 + (i % 16)]!;
      return sum;
    });
    const y = tf.conv2d(x, filter, 1, "same");
    // a sum that lies near the middle between two values may be rounded to either
    expectNear(y.dataSync(), expected.map(nearest), 2 ** -8, "result");
    const wrong = Array.from(y.dataSync()).filter((value, i) => value !== nearest(expected[i]!)).length;
    expect(wrong).toBeLessThan(expected.length / 100);
  });

  it("holds results and gradients of activations as bfloat16, gradients of filters as float32", () => {
    setPrecision("bfloat16");
    const x = normal(SHAPE, 16) as tf.Tensor4D;
    const filter = normal([3, 3, 64, 64], 17) as tf.Tensor4D;
    const attrs = { strides: 1, pad: "same", dataFormat: "NHWC", dilations: 1 };
    const shapes = { inputShape: SHAPE, filterShape: filter.shape };
    const dy = normal(SHAPE, 18);
    expect(bytesOf(() => tf.conv2d(x, filter, 1, "same"))).toBe(x.size * 2);
    const input = () => run("Conv2DBackpropInput", { dy, filter }, { ...attrs, ...shapes })[0]!;
    expect(bytesOf(input)).toBe(x.size * 2);
    const gradient = () => run("Conv2DBackpropFilter", { x, dy }, { ...attrs, ...shapes })[0]!;
    expect(bytesOf(gradient)).toBe(filter.size * 4);
  });
});
