import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerOnednnBackend } from "../register-backend.js";
import { expectNear } from "../testing.js";

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

function run(name: string, inputs: object, attrs: object = {}): ArrayLike<number> {
  return (tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap) as tf.Tensor).dataSync();
}

describe("separable resample", () => {
  it.each([
    [3, 4],
    [3, 1],
    [1, 4],
    [2, 3],
    [4, 7],
    [3, 23],
    [7, 6],
  ])("is the double sum over taps, of %d channels and %d taps", (C, K) => {
    const [N, H, W, S, T] = [3, 11, 13, 7, 9];
    const images = tf.randomUniform([N, H, W, C], 0, 1, "float32", 1);
    const index = (count: number, size: number, seed: number) =>
      tf.cast(tf.floor(tf.randomUniform([N, count, K], 0, size, "float32", seed)), "int32");
    const inputs = {
      images,
      rowIndex: index(S, H, 2),
      rowWeight: tf.randomUniform([N, S, K], -1, 1, "float32", 3),
      columnIndex: index(T, W, 4),
      columnWeight: tf.randomUniform([N, T, K], -1, 1, "float32", 5),
    };
    const [X, ri, rw, ci, cw] = Object.values(inputs).map((t) => t.dataSync()) as Float32Array[];
    const expected = new Float64Array(N * S * T * C);
    for (let n = 0, o = 0; n < N; n++)
      for (let i = 0; i < S; i++)
        for (let j = 0; j < T; j++)
          for (let c = 0; c < C; c++, o++)
            for (let k = 0; k < K; k++)
              for (let l = 0; l < K; l++) {
                const [row, column] = [(n * S + i) * K + k, (n * T + j) * K + l];
                const pixel = ((n * H + ri![row]!) * W + ci![column]!) * C + c;
                expected[o]! += rw![row]! * cw![column]! * X![pixel]!;
              }
    expectNear(run("SimclrSeparableResample", inputs), expected, 1e-6, "out");
  });

  it("refuses indices outside the image", () => {
    const index = tf.tensor3d([5], [1, 1, 1], "int32");
    const weight = tf.ones([1, 1, 1]);
    const inputs = {
      images: tf.ones([1, 4, 4, 3]),
      rowIndex: index,
      rowWeight: weight,
      columnIndex: index,
      columnWeight: weight,
    };
    expect(() => run("SimclrSeparableResample", inputs)).toThrow("rowIndex must be in [0, 3]; received 5");
  });
});

describe("colour jitter", () => {
  const image = [0.2, 0.5, 0.9, 0.8, 0.1, 0.4, 0.3, 0.3, 0.3, 1, 0, 0];
  const jitter = (order: number[], factors: number[], brightness = "multiplicative") =>
    run(
      "SimclrColorJitter",
      {
        images: tf.tensor4d(image, [1, 2, 2, 3]),
        factors: tf.tensor2d([factors]),
        order: tf.tensor2d([order], [1, 4], "int32"),
      },
      { brightness },
    );

  it("leaves an image as it is when every operation is skipped", () => {
    expectNear(jitter([-1, -1, -1, -1], [9, 9, 9, 9]), Float32Array.from(image), 0, "out");
  });

  it("multiplies or adds brightness, and clips", () => {
    const clip = (v: number) => Math.min(1, Math.max(0, v));
    expectNear(
      jitter([0, -1, -1, -1], [1.5, 1, 1, 0]),
      image.map((v) => clip(v * 1.5)),
      1e-6,
      "multiplied",
    );
    expectNear(
      jitter([0, -1, -1, -1], [-0.25, 1, 1, 0], "additive"),
      image.map((v) => clip(v - 0.25)),
      1e-6,
      "added",
    );
  });

  it("contrasts around the mean of each channel", () => {
    const mean = [0, 1, 2].map((c) => (image[c]! + image[c + 3]! + image[c + 6]! + image[c + 9]!) / 4);
    const expected = image.map((v, i) => Math.min(1, Math.max(0, (v - mean[i % 3]!) * 0.6 + mean[i % 3]!)));
    expectNear(jitter([1, -1, -1, -1], [1, 0.6, 1, 0]), expected, 1e-6, "out");
  });

  it("keeps the brightest channel and turns red, green and blue by a third of the hue circle", () => {
    const turned = image.map((_, i) => image[3 * Math.floor(i / 3) + (((i % 3) + 2) % 3)]!);
    expectNear(jitter([3, -1, -1, -1], [1, 1, 1, 1 / 3]), turned, 1e-5, "hue");
    const grey = image.map((_, i) => Math.max(...image.slice(3 * Math.floor(i / 3), 3 * Math.floor(i / 3) + 3)));
    expectNear(jitter([2, -1, -1, -1], [1, 1, 0, 0]), grey, 1e-6, "saturation 0");
    expectNear(jitter([2, 3, -1, -1], [1, 1, 1, 0]), image, 1e-6, "saturation 1, hue 0");
  });

  it("applies the operations in the image's own order", () => {
    const clip = (v: number) => Math.min(1, Math.max(0, v));
    const bright = image.map((v) => clip(v * 2));
    const mean = [0, 1, 2].map((c) => (bright[c]! + bright[c + 3]! + bright[c + 6]! + bright[c + 9]!) / 4);
    const expected = bright.map((v, i) => clip((v - mean[i % 3]!) * 0.5 + mean[i % 3]!));
    expectNear(jitter([0, 1, -1, -1], [2, 0.5, 1, 0]), expected, 1e-6, "brightness first");
  });
});

describe("rotation", () => {
  it("refuses a rotation that is not one pair per image", () => {
    const inputs = { images: tf.ones([2, 3, 3, 1]), rotation: tf.ones([1, 2]) };
    expect(() => run("SimclrRotate", inputs, { fill: 0 })).toThrow(/SimclrRotate: argument 1/);
  });

  it("gives images of no pixels back, and equalizes them too", () => {
    const images = tf.zeros([2, 0, 3, 3]);
    expect(run("SimclrRotate", { images, rotation: tf.ones([2, 2]) }, { fill: 0 })).toHaveLength(0);
    expect(run("SimclrEqualize", { images })).toHaveLength(0);
  });
});
