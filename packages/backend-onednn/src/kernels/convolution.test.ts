import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { setPrecision } from "../precision.js";
import { registerOnednnBackend } from "../register-backend.js";
import { compareWithCpu, expectNear, normal } from "../testing.js";
import { setWinograd } from "../winograd.js";

beforeAll(() => registerOnednnBackend());

/** Of the largest value; Winograd's transforms cost about one of float32's seven digits. */
const TOLERANCE = 3e-5;

interface Case {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides?: number | [number, number];
  readonly pad?: "same" | "valid" | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: number;
}

const CASES: Case[] = [
  { x: [2, 9, 11, 3], filter: [3, 3, 3, 64] },
  { x: [3, 16, 16, 40], filter: [3, 3, 40, 24] },
  { x: [2, 17, 15, 24], filter: [3, 3, 24, 40], strides: 2 },
  { x: [2, 16, 16, 32], filter: [1, 1, 32, 48], strides: 2, pad: "valid" },
  { x: [2, 8, 8, 19], filter: [1, 1, 19, 33] },
  {
    x: [1, 23, 21, 3],
    filter: [7, 7, 3, 16],
    strides: 2,
    pad: [
      [0, 0],
      [3, 3],
      [3, 3],
      [0, 0],
    ],
  },
  { x: [2, 12, 10, 5], filter: [3, 3, 5, 7], pad: "valid" },
  { x: [2, 12, 13, 6], filter: [3, 2, 6, 9], dilations: 2 },
  { x: [1, 10, 14, 8], filter: [3, 5, 8, 8], strides: [2, 1] },
  // Winograd tiles: sticking out of the image, without padding, one tile an image, panels of 16 and of 32, one vector wide
  { x: [2, 13, 11, 32], filter: [3, 3, 32, 48] },
  { x: [2, 12, 10, 48], filter: [3, 3, 48, 32], pad: "valid" },
  { x: [3, 7, 8, 32], filter: [3, 3, 32, 64], pad: 2 },
  { x: [5, 4, 4, 144], filter: [3, 3, 144, 128] },
  { x: [2, 9, 14, 16], filter: [3, 3, 16, 48] },
  { x: [11, 8, 7, 48], filter: [3, 3, 48, 16], pad: 1 },
];

describe.each(CASES)("conv2d %j", ({ x, filter, strides = 1, pad = "same", dilations = 1 }) => {
  const conv = (a: tf.Tensor, b: tf.Tensor) =>
    tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad as "same", "NHWC", dilations);
  const operands = () => [normal(x, 1), normal(filter, 2)];

  it("agrees with the cpu backend", async () => {
    await compareWithCpu(operands, ([a, b]) => [conv(a!, b!)], TOLERANCE);
  });

  if (dilations > 1) return; // tfjs has no gradient of dilated convolutions
  it("has the cpu backend's gradients", async () => {
    await compareWithCpu(
      operands,
      ([a, b]) => {
        const dy = normal(conv(a!, b!).shape, 3);
        const attrs = { strides, pad, dataFormat: "NHWC", inputShape: x, filterShape: filter };
        const run = (name: string, inputs: object) =>
          tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
        return [run("Conv2DBackpropInput", { dy, filter: b }), run("Conv2DBackpropFilter", { x: a, dy })];
      },
      TOLERANCE,
    );
  });
});

/** Results of the three passes, on onednn. */
function passes(xShape: number[], filterShape: number[]): ArrayLike<number>[] {
  const results = tf.tidy(() => {
    const [x, filter] = [normal(xShape, 1), normal(filterShape, 2)];
    const dy = normal([...xShape.slice(0, 3), filterShape[3]!], 3);
    const settings = { strides: 1, pad: "same", dataFormat: "NHWC", dilations: 1 };
    const attrs = { ...settings, inputShape: xShape, filterShape } as unknown as tf.NamedAttrMap;
    const run = (name: string, inputs: object) =>
      tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs) as tf.Tensor;
    return [
      run("Conv2D", { x, filter }),
      run("Conv2DBackpropInput", { dy, filter }),
      run("Conv2DBackpropFilter", { x, dy }),
    ];
  });
  const values = results.map((t) => t.dataSync());
  tf.dispose(results);
  return values;
}

describe("Winograd", () => {
  // cpu would take minutes at these sizes; oneDNN's direct sums are the other opinion
  it.each([
    { x: [12, 17, 18, 64], filter: [3, 3, 64, 96] },
    { x: [70, 11, 9, 160], filter: [3, 3, 160, 144] },
  ])("agrees with direct summation on many blocks of tiles, %j", async ({ x, filter }) => {
    await tf.setBackend("onednn");
    setWinograd(false);
    const direct = passes(x, filter);
    setWinograd(true);
    for (const [i, actual] of passes(x, filter).entries()) expectNear(actual, direct[i]!, 5e-5, `pass ${i}`);
  });

  it("computes the same bits every time", async () => {
    await tf.setBackend("onednn");
    expect(passes([9, 16, 16, 64], [3, 3, 64, 64])).toEqual(passes([9, 16, 16, 64], [3, 3, 64, 64]));
  });
});

describe("1x1 convolutions with strides", () => {
  // oneDNN's own were wrong in every third call with two threads
  it.each([4, 5, 8, 17])(
    "are the same every time, and those of the picked pixels, from %d channels",
    async (channels) => {
      await tf.setBackend("onednn");
      const x = normal([40, 32, 32, channels], 1) as tf.Tensor4D;
      const filter = normal([1, 1, channels, 8], 2) as tf.Tensor4D;
      const dy = normal([40, 16, 16, 8], 3);
      const picked = tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, 2, 2, 1]) as tf.Tensor4D;
      const run = (name: string, inputs: object, strides: number, inputShape: number[]) => {
        const attrs = { strides, pad: "valid", dataFormat: "NHWC", inputShape, filterShape: filter.shape };
        return tf
          .engine()
          .runKernel(name, inputs as tf.NamedTensorMap, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
      };
      const small = run("Conv2DBackpropInput", { dy, filter }, 1, picked.shape);
      const zeros = tf.zerosLike(small);
      const wide = tf.reshape(tf.stack([small, zeros], 3), [40, 16, 32, channels]);
      const rows = tf.reshape(tf.stack([wide, tf.zerosLike(wide)], 2), [40, 32, 32, channels]);
      const expected = [
        tf.conv2d(picked, filter, 1, "valid"),
        tf.slice(rows, [0, 0, 0, 0], x.shape),
        run("Conv2DBackpropFilter", { x: picked, dy }, 1, picked.shape),
      ].map((t) => t.dataSync());
      for (let i = 0; i < 30; i++) {
        const actual = [
          tf.conv2d(x, filter, 2, "valid"),
          run("Conv2DBackpropInput", { dy, filter }, 2, x.shape),
          run("Conv2DBackpropFilter", { x, dy }, 2, x.shape),
        ];
        for (const [k, t] of actual.entries()) expectNear(t.dataSync(), expected[k]!, 1e-5, `call ${i}, result ${k}`);
        tf.dispose(actual);
      }
    },
  );
});

describe("bfloat16", () => {
  it("rounds operands to 8 bits and nothing else", async () => {
    await tf.setBackend("onednn");
    const exact = passes([4, 16, 16, 64], [3, 3, 64, 32]);
    setPrecision("bfloat16");
    const rounded = passes([4, 16, 16, 64], [3, 3, 64, 32]);
    setPrecision("float32");
    for (const [i, actual] of rounded.entries()) {
      expectNear(actual, exact[i]!, 1e-2, `pass ${i}`); // 2^-9 an operand, averaged over hundreds of terms
      expect(Array.from(actual)).not.toEqual(Array.from(exact[i]!));
    }
  });
});

it("gives zeros where a batch is empty", async () => {
  await tf.setBackend("onednn");
  const y = tf.conv2d(tf.zeros<tf.Rank.R4>([0, 4, 4, 3]), tf.ones<tf.Rank.R4>([3, 3, 3, 2]), 1, "same");
  expect(y.shape).toEqual([0, 4, 4, 2]);
  expect(y.dataSync().length).toBe(0);
});

it("takes a gradient larger than the convolution's result as the cpu backend does", async () => {
  await compareWithCpu(
    () => [normal([2, 9, 8, 16], 1), normal([5, 5, 8, 16], 2)],
    ([dy, filter]) => [tf.conv2dTranspose(dy as tf.Tensor4D, filter as tf.Tensor4D, [2, 5, 4, 8], 1, "same")],
  );
});
