// Random shapes, strides, paddings, axes and dtypes. Windows are checked against plain loops in float64, what only
// moves or folds values against cpu, gradients by the adjoint identity. The seed is fixed: a failure prints its path.
import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareWithCpu, expectAdjoint, expectNear, normal, values } from "../testing.js";

const SEED = 20_261_126;
const DTYPES = ["float32", "int32", "bool"] as const;

function always<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>, numRuns = 40): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, check), { seed: SEED, numRuns });
}

const upTo = (max: number) => fc.integer({ min: 1, max });
const shapes = (min: number, max: number) => fc.array(upTo(6), { minLength: min, maxLength: max });

/** Runs a kernel on onednn that has one result. */
function run(name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor;
}

/** Runs `f` on onednn and drops what it made. */
async function onOnednn(f: () => void): Promise<void> {
  await tf.setBackend("onednn");
  tf.tidy(f);
}

// ---- windows: convolutions and pooling

const windows = fc
  .record({
    batch: upTo(3),
    size: fc.tuple(upTo(9), upTo(9)),
    channels: fc.oneof(upTo(5), fc.constantFrom(16, 33)),
    filter: fc.tuple(upTo(4), upTo(4)),
    strides: fc.tuple(upTo(3), upTo(3)),
    dilations: fc.tuple(upTo(2), upTo(2)),
    pad: fc.oneof(
      fc.constantFrom("same" as const, "valid" as const),
      fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)).map(
        ([t, b, l, r]): tf.backend_util.ExplicitPadding => [
          [0, 0],
          [t, b],
          [l, r],
          [0, 0],
        ],
      ),
    ),
    outChannels: fc.oneof(upTo(5), fc.constantFrom(16, 33)),
    multiplier: upTo(3),
  })
  .filter(({ size, filter, dilations, pad }) => {
    if (pad === "same") return true;
    return size.every((n, d) => {
      const padding = pad === "valid" ? 0 : pad[d + 1]![0] + pad[d + 1]![1];
      return (filter[d]! - 1) * dilations[d]! + 1 <= n + padding;
    });
  });
type Window = typeof windows extends fc.Arbitrary<infer T> ? T : never;
type Shape4 = [number, number, number, number];

const inShape = ({ batch, size, channels }: Window): Shape4 => [batch, ...size, channels];

function infoOf(
  w: Window,
  filterShape: Shape4,
  depthwise: boolean,
): ReturnType<typeof tf.backend_util.computeConv2DInfo> {
  const { strides, dilations, pad } = w;
  return tf.backend_util.computeConv2DInfo(inShape(w), filterShape, strides, dilations, pad, "floor", depthwise);
}

/** Calls `visit` for each output pixel and each pixel of its window that lies inside: indices of pixels and of the tap. */
function forTaps(info: ReturnType<typeof infoOf>, visit: (out: number, input: number, tap: number) => void): void {
  let out = 0;
  for (let n = 0; n < info.batchSize; n++)
    for (let i = 0; i < info.outHeight; i++)
      for (let j = 0; j < info.outWidth; j++, out++)
        for (let k = 0; k < info.filterHeight; k++)
          for (let l = 0; l < info.filterWidth; l++) {
            const y = i * info.strideHeight - info.padInfo.top + k * info.dilationHeight;
            const x = j * info.strideWidth - info.padInfo.left + l * info.dilationWidth;
            if (y < 0 || y >= info.inHeight || x < 0 || x >= info.inWidth) continue;
            visit(out, (n * info.inHeight + y) * info.inWidth + x, k * info.filterWidth + l);
          }
}

describe("for any sizes, strides, dilations and paddings", () => {
  it("a convolution is its sum, and its gradients are its adjoints", async () => {
    await always(windows, async (w) => {
      const filterShape: Shape4 = [...w.filter, w.channels, w.outChannels];
      const info = infoOf(w, filterShape, false);
      await onOnednn(() => {
        const [x, filter, dy] = [normal(inShape(w), 1), normal(filterShape, 2), normal(info.outShape, 3)];
        const attrs = {
          ...{ strides: w.strides, pad: w.pad, dilations: w.dilations, dataFormat: "NHWC", dimRoundingMode: "floor" },
          ...{ inputShape: inShape(w), filterShape },
        };
        const y = run("Conv2D", { x, filter }, attrs);
        const [a, b] = [x.dataSync(), filter.dataSync()];
        const expected = new Float64Array(y.size);
        forTaps(info, (out, input, tap) => {
          for (let c = 0; c < w.channels; c++)
            for (let o = 0; o < w.outChannels; o++)
              expected[out * w.outChannels + o]! +=
                a[input * w.channels + c]! * b[(tap * w.channels + c) * w.outChannels + o]!;
        });
        expectNear(y.dataSync(), expected, 3e-5, "y"); // Winograd costs one of seven digits
        expectAdjoint([y, dy], [x, run("Conv2DBackpropInput", { dy, filter }, attrs)]);
        expectAdjoint([y, dy], [filter, run("Conv2DBackpropFilter", { x, dy }, attrs)]);
      });
    });
  });

  it("a depthwise convolution is its sum, and its gradients are its adjoints", async () => {
    await always(windows, async (w) => {
      const filterShape: Shape4 = [...w.filter, w.channels, w.multiplier];
      const info = infoOf(w, filterShape, true);
      await onOnednn(() => {
        const [x, filter, dy] = [normal(inShape(w), 1), normal(filterShape, 2), normal(info.outShape, 3)];
        const attrs = {
          ...{ strides: w.strides, pad: w.pad, dilations: w.dilations, dataFormat: "NHWC", dimRoundingMode: "floor" },
          ...{ inputShape: inShape(w), filterShape },
        };
        const y = run("FusedDepthwiseConv2D", { x, filter }, { ...attrs, activation: "linear" });
        const [a, b] = [x.dataSync(), filter.dataSync()];
        const expected = new Float64Array(y.size);
        forTaps(info, (out, input, tap) => {
          for (let o = 0; o < info.outChannels; o++)
            expected[out * info.outChannels + o]! +=
              a[input * w.channels + Math.floor(o / w.multiplier)]! * b[tap * info.outChannels + o]!;
        });
        expectNear(y.dataSync(), expected, 1e-5, "y");
        expectAdjoint([y, dy], [x, run("DepthwiseConv2dNativeBackpropInput", { dy, filter }, attrs)]);
        expectAdjoint([y, dy], [filter, run("DepthwiseConv2dNativeBackpropFilter", { x, dy }, attrs)]);
      });
    });
  });

  it("pooling and its gradients are what plain loops give", async () => {
    const undilated = windows.filter(({ dilations }) => dilations.every((d) => d === 1));
    await always(undilated, async (w) => {
      const info = infoOf(w, [...w.filter, w.channels, 1], true);
      const isIdentity = w.filter.every((n) => n === 1) && tf.util.arraysEqual(info.inShape, info.outShape);
      if (isIdentity) return; // tfjs says so whatever the padding
      await onOnednn(() => {
        const [x, dy] = [normal(inShape(w), 1), normal(info.outShape, 2)];
        const attrs = { filterSize: w.filter, strides: w.strides, pad: w.pad, dimRoundingMode: "floor" };
        const [a, g] = [x.dataSync(), dy.dataSync()];
        const windowsOf: number[][] = Array.from({ length: dy.size / w.channels }, () => []);
        forTaps(info, (out, input) => windowsOf[out]!.push(input));
        const zeros = () => new Float64Array(x.size);
        const [max, mean, maxGrad, meanGrad] = [new Float64Array(dy.size), new Float64Array(dy.size), zeros(), zeros()];
        for (const [out, inputs] of windowsOf.entries())
          for (let c = 0; c < w.channels; c++) {
            const at = inputs.map((input) => input * w.channels + c);
            const o = out * w.channels + c;
            const largest = Math.max(...at.map((i) => a[i]!));
            max[o] = largest;
            mean[o] = at.reduce((sum, i) => sum + a[i]!, 0) / at.length;
            if (at.length > 0) maxGrad[at.find((i) => a[i] === largest)!]! += g[o]!;
            for (const i of at) meanGrad[i]! += g[o]! / (w.filter[0] * w.filter[1]); // tfjs's rule
          }
        const y = run("MaxPool", { x }, attrs);
        expectNear(y.dataSync(), max, 0, "maximum");
        expectNear(run("AvgPool", { x }, attrs).dataSync(), mean, 1e-6, "mean");
        expectNear(
          run("MaxPoolGrad", { dy, input: x, output: y }, attrs).dataSync(),
          maxGrad,
          1e-6,
          "maximum's gradient",
        );
        expectNear(run("AvgPoolGrad", { dy, input: x }, attrs).dataSync(), meanGrad, 1e-6, "mean's gradient");
      });
    });
  });

  it("resizing is that of cpu, and its gradients are its adjoints", async () => {
    const sizes = fc.record({ batch: upTo(3), from: fc.tuple(upTo(9), upTo(9)), to: fc.tuple(upTo(12), upTo(12)) });
    const modes = fc.constantFrom([false, false], [true, false], [false, true]);
    await always(
      fc.tuple(sizes, modes, upTo(5)),
      async ([{ batch, from, to }, [alignCorners, halfPixel], channels]) => {
        const shape = [batch, ...from, channels];
        const attrs = { size: to, alignCorners, halfPixelCenters: halfPixel };
        for (const name of ["ResizeBilinear", "ResizeNearestNeighbor"]) {
          await compareWithCpu(
            () => [normal(shape, 1)],
            ([images]) => [run(name, { images: images! }, attrs)],
            1e-6,
          );
          await onOnednn(() => {
            const [images, dy] = [normal(shape, 1), normal([batch, ...to, channels], 2)];
            expectAdjoint([run(name, { images }, attrs), dy], [images, run(`${name}Grad`, { dy, images }, attrs)]);
          });
        }
      },
    );
  });
});

// ---- element by element, folds, moves

/** Two shapes that broadcast: each dimension is in both, or 1 in one of them; one may have a shorter rank. */
const broadcasting = fc
  .array(fc.tuple(fc.oneof(upTo(6), fc.constant(0)), fc.constantFrom("both", "a", "b")), { maxLength: 5 })
  .chain((dims) => {
    const of = (side: string) => dims.map(([size, has]) => (has === "both" || has === side ? size : 1));
    return fc.nat(dims.length).map((drop) => {
      const b = of("b");
      const leading = b.findIndex((size) => size !== 1);
      return [of("a"), b.slice(Math.min(drop, leading < 0 ? b.length : leading))] as const;
    });
  });

describe("for any shapes and dtypes", () => {
  it("functions of two operands broadcast as on cpu", async () => {
    const float = ["Add", "Sub", "Multiply", "RealDiv", "Maximum", "Minimum", "SquaredDifference", "Atan2", "Mod"];
    const compare = ["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"];
    const int = ["Add", "Sub", "Multiply", "Maximum", "Minimum", "Mod", "FloorDiv"];
    const calls = fc.oneof(
      fc.tuple(fc.constantFrom(...float, ...compare), fc.constant("float32" as const)),
      fc.tuple(fc.constantFrom(...int, ...compare), fc.constant("int32" as const)),
      fc.tuple(fc.constantFrom("LogicalAnd", "LogicalOr"), fc.constant("bool" as const)),
    );
    await always(
      fc.tuple(calls, broadcasting),
      async ([[name, dtype], [aShape, bShape]]) => {
        const small = (shape: readonly number[], seed: number) =>
          dtype === "int32" ? tf.randomUniform([...shape], -20, 20, "int32", seed) : values([...shape], dtype, seed);
        await compareWithCpu(
          () => [small(aShape, 1), small(bShape, 2)],
          ([a, b]) => [run(name, { a: a!, b: b! }, {})],
          2e-6,
        );
      },
      120,
    );
  });

  it("reductions and scans are those of cpu over any axes", async () => {
    const cases = shapes(1, 5).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        axes: fc.subarray([...shape.keys()], { minLength: 1 }),
        name: fc.constantFrom("Sum", "Mean", "Prod", "Max", "Min", "ArgMax", "ArgMin", "Cumsum", "Cumprod"),
        flags: fc.tuple(fc.boolean(), fc.boolean()),
      }),
    );
    await always(
      cases,
      async ({ shape, axes, name, flags: [first, second] }) => {
        const several = { axis: axes, reductionIndices: axes, keepDims: first };
        const one = { axis: axes[0], exclusive: first, reverse: second };
        await compareWithCpu(
          () => [normal(shape, 1)],
          ([x]) => [run(name, { x: x! }, /^(Arg|Cum)/.test(name) ? one : several)],
          1e-5,
        );
      },
      120,
    );
  });

  it("whatever only moves values moves them as cpu does", async () => {
    const cases = shapes(1, 5).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        dtype: fc.constantFrom(...DTYPES),
        perm: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
        axes: fc.subarray([...shape.keys()]),
        axis: fc.nat(shape.length - 1),
        cuts: fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { minLength: shape.length, maxLength: shape.length }),
        indices: fc.array(fc.nat(100), { minLength: 1, maxLength: 7 }),
      }),
    );
    await always(cases, async ({ shape, dtype, perm, axes, axis, cuts, indices }) => {
      const begin = shape.map((n, d) => cuts[d]![0] % n);
      const size = shape.map((n, d) => 1 + (cuts[d]![1] % (n - begin[d]!)));
      const padding = cuts.map(([before, after]): [number, number] => [before % 3, after % 3]);
      const reps = cuts.map(([n]) => 1 + (n % 3));
      await compareWithCpu(
        () => [values(shape, dtype, 1), values(shape, dtype, 2)],
        ([x, y]) => [
          tf.transpose(x!, perm),
          tf.slice(x!, begin, size),
          tf.pad(x!, padding, 1),
          tf.tile(x!, reps),
          tf.reverse(x!, axes),
          tf.concat([x!, y!, x!], axis),
          tf.stack([x!, y!], axis),
          ...tf.unstack(x!, axis),
          tf.gather(
            x!,
            tf.tensor1d(
              indices.map((i) => i % shape[axis]!),
              "int32",
            ),
            axis,
          ),
        ],
        0,
      );
    });
  });

  it("matrix products of broadcast batches are those of cpu", async () => {
    const cases = fc.record({ batches: broadcasting, sizes: fc.tuple(upTo(20), upTo(40), upTo(20)), flip: fc.nat(3) });
    await always(cases, async ({ batches: [aBatch, bBatch], sizes: [rows, inner, cols], flip }) => {
      const [transposeA, transposeB] = [(flip & 1) > 0, (flip & 2) > 0];
      const a = [...aBatch, ...(transposeA ? [inner, rows] : [rows, inner])];
      const b = [...bBatch, ...(transposeB ? [cols, inner] : [inner, cols])];
      if (Math.max(aBatch.length, bBatch.length) > 4) return; // tfjs's own limit is rank 6
      if ([...aBatch, ...bBatch].includes(0)) return; // cpu makes one product of no batch
      const batch = tf.broadcast_util.assertAndGetBroadcastShape([...aBatch], [...bBatch]);
      // cpu pairs batches wrongly where only some of their dimensions are broadcast, so it gets them in full.
      const operand = (t: tf.Tensor) =>
        tf.getBackend() === "cpu" ? tf.broadcastTo(t, [...batch, ...t.shape.slice(-2)]) : t;
      await compareWithCpu(
        () => [normal(a, 1), normal(b, 2)],
        ([x, y]) => [tf.matMul(operand(x!), operand(y!), transposeA, transposeB)],
      );
    });
  });
});

describe("at the sizes of a network", () => {
  const CONVOLUTIONS: { x: Shape4; filter: Shape4; strides: number }[] = [
    { x: [2, 224, 224, 3], filter: [7, 7, 3, 64], strides: 2 },
    { x: [4, 56, 56, 64], filter: [3, 3, 64, 64], strides: 1 },
    { x: [4, 56, 56, 128], filter: [3, 3, 128, 128], strides: 2 },
    { x: [4, 28, 28, 512], filter: [1, 1, 512, 128], strides: 1 },
    { x: [4, 28, 28, 512], filter: [1, 1, 512, 1024], strides: 2 },
    { x: [9, 7, 7, 512], filter: [3, 3, 512, 512], strides: 1 },
    { x: [64, 32, 32, 3], filter: [3, 3, 3, 64], strides: 1 },
  ];
  it.each(CONVOLUTIONS)("a convolution's gradients are its adjoints, $x $filter $strides", async (c) => {
    await onOnednn(() => {
      const [x, filter] = [normal(c.x, 1), normal(c.filter, 2)];
      const attrs = {
        ...{ strides: c.strides, pad: "same", dilations: 1, dataFormat: "NHWC" },
        ...{ inputShape: c.x, filterShape: c.filter },
      };
      const y = run("Conv2D", { x, filter }, attrs);
      const dy = normal(y.shape, 3);
      expectAdjoint([y, dy], [x, run("Conv2DBackpropInput", { dy, filter }, attrs)]);
      expectAdjoint([y, dy], [filter, run("Conv2DBackpropFilter", { x, dy }, attrs)]);
    });
  });

  it("matrix products are adjoint to each other", async () => {
    await onOnednn(() => {
      const [a, b, dy] = [normal([257, 1025], 1), normal([1025, 130], 2), normal([257, 130], 3)];
      const y = tf.matMul(a, b);
      expectAdjoint([y, dy], [a, tf.matMul(dy, b, false, true)]);
      expectAdjoint([y, dy], [b, tf.matMul(a, dy, true, false)]);
    });
  });

  it("depthwise convolutions and average pooling are adjoint to their gradients", async () => {
    await onOnednn(() => {
      const [x, filter, dy] = [normal([4, 56, 56, 144], 1), normal([3, 3, 144, 1], 2), normal([4, 28, 28, 144], 3)];
      const attrs = {
        ...{ strides: 2, pad: "same", dilations: 1, dataFormat: "NHWC" },
        ...{ inputShape: x.shape, filterShape: filter.shape },
      };
      const y = run("DepthwiseConv2dNative", { x, filter }, attrs);
      expectAdjoint([y, dy], [x, run("DepthwiseConv2dNativeBackpropInput", { dy, filter }, attrs)]);
      expectAdjoint([y, dy], [filter, run("DepthwiseConv2dNativeBackpropFilter", { x, dy }, attrs)]);
      const pooling = { filterSize: 2, strides: 2, pad: "valid" };
      expectAdjoint([run("AvgPool", { x }, pooling), dy], [x, run("AvgPoolGrad", { dy, input: x }, pooling)]);
    });
  });

  it("max pooling gives each gradient to a pixel that holds the maximum", async () => {
    await onOnednn(() => {
      const x = normal([4, 112, 112, 64], 1);
      const attrs = { filterSize: 3, strides: 2, pad: "same" };
      const output = run("MaxPool", { x }, attrs);
      const dy = normal(output.shape, 2);
      const dx = run("MaxPoolGrad", { dy, input: x, output }, attrs);
      expectAdjoint([output, dy], [x, dx]); // so <y, dy> = <x, dx>
      const [given, arrived] = [tf.sum(dy).dataSync()[0]!, tf.sum(dx).dataSync()[0]!];
      expect(Math.abs(given - arrived)).toBeLessThan(1e-6 * dy.size);
    });
  });
});
