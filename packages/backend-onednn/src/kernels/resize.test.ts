import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, expectNear, normal } from "../testing.js";

type Size = [height: number, width: number];
const IMAGES: [number, number, number, number] = [3, 37, 53, 5];
const SIZES: Size[] = [
  [37, 53],
  [80, 21],
  [17, 129],
  [1, 1],
  [1, 90],
  [74, 106],
  [12, 1],
];
const MODES = [
  [false, false],
  [true, false],
  [false, true],
] as const;

/** Neighbours and weight of place `i`, as TensorFlow's resize_bilinear defines them. */
function tap(i: number, size: number, outSize: number, align: boolean, half: boolean): [number, number, number] {
  const scale = align && outSize > 1 ? (size - 1) / (outSize - 1) : size / outSize;
  const place = half ? (i + 0.5) * scale - 0.5 : i * scale;
  const low = Math.max(0, Math.floor(place));
  const high = Math.min(size - 1, Math.ceil(place));
  return [low, Math.max(high, 0), place < 0 ? 0 : place - low];
}

/** The adjoint of the resize, value by value, in float64. */
function plainGradient(dy: ArrayLike<number>, [h, w]: Size, align: boolean, half: boolean): Float64Array {
  const [batch, height, width, channels] = IMAGES;
  const dx = new Float64Array(batch * height * width * channels);
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < w; j++) {
        const [top, bottom, y] = tap(i, height, h, align, half);
        const [left, right, x] = tap(j, width, w, align, half);
        const corners = [
          [top, left, (1 - y) * (1 - x)],
          [top, right, (1 - y) * x],
          [bottom, left, y * (1 - x)],
          [bottom, right, y * x],
        ];
        for (let c = 0; c < channels; c++)
          for (const [r, q, weight] of corners as [number, number, number][])
            dx[((n * height + r) * width + q) * channels + c]! += weight * dy[((n * h + i) * w + j) * channels + c]!;
      }
  return dx;
}

describe("ResizeBilinear", () => {
  for (const [align, half] of MODES) {
    it(`is that of cpu, alignCorners ${align}, halfPixelCenters ${half}`, async () => {
      for (const size of SIZES) {
        await compareWithCpu(
          () => [normal(IMAGES, 1)],
          ([x]) => [tf.image.resizeBilinear(x as tf.Tensor4D, size, align, half)],
          1e-6,
        );
      }
    });

    it(`has the gradient of a plain loop, alignCorners ${align}, halfPixelCenters ${half}`, async () => {
      await tf.setBackend("onednn");
      for (const size of SIZES) {
        const images = tf.zeros(IMAGES);
        const dy = normal([IMAGES[0], ...size, IMAGES[3]], 2);
        const attrs = { alignCorners: align, halfPixelCenters: half, size };
        const dx = tf.engine().runKernel("ResizeBilinearGrad", { dy, images }, attrs) as tf.Tensor;
        expect(dx.shape).toEqual(IMAGES);
        expectNear(dx.dataSync(), plainGradient(dy.dataSync(), size, align, half), 1e-6, `size ${size}`);
      }
    });
  }
});

/** Source of place `i`, as TensorFlow's resize_nearest_neighbor defines it. */
function nearest(i: number, size: number, outSize: number, align: boolean, half: boolean): number {
  const scale = align && outSize > 1 ? (size - 1) / (outSize - 1) : size / outSize;
  const place = (half ? i + 0.5 : i) * scale;
  return Math.min(size - 1, align ? Math.round(place) : Math.floor(place));
}

describe("ResizeNearestNeighbor", () => {
  for (const [align, half] of MODES) {
    it(`moves pixels as a plain loop does, and back, alignCorners ${align}, halfPixelCenters ${half}`, async () => {
      await tf.setBackend("onednn");
      const [batch, height, width, channels] = IMAGES;
      const images = normal(IMAGES, 1) as tf.Tensor4D;
      const values = images.dataSync();
      for (const size of SIZES) {
        const dy = normal([batch, ...size, channels], 2);
        const gradient = dy.dataSync();
        const expected = new Float32Array(dy.size);
        const expectedGradient = new Float64Array(images.size);
        for (let n = 0, out = 0; n < batch; n++)
          for (let i = 0; i < size[0]; i++)
            for (let j = 0; j < size[1]; j++)
              for (let c = 0; c < channels; c++, out++) {
                const [y, x] = [nearest(i, height, size[0], align, half), nearest(j, width, size[1], align, half)];
                const source = ((n * height + y) * width + x) * channels + c;
                expected[out] = values[source]!;
                expectedGradient[source]! += gradient[out]!;
              }
        const resized = tf.image.resizeNearestNeighbor(images, size, align, half);
        expect(Array.from(resized.dataSync())).toEqual(Array.from(expected));
        const attrs = { alignCorners: align, halfPixelCenters: half, size };
        const dx = tf.engine().runKernel("ResizeNearestNeighborGrad", { dy, images }, attrs) as tf.Tensor;
        expectNear(dx.dataSync(), expectedGradient, 1e-6, `size ${size}`);
      }
    });
  }

  it("keeps int32", async () => {
    await tf.setBackend("onednn");
    const images = tf.tensor4d([2 ** 24 + 1, 5], [1, 1, 2, 1], "int32");
    const y = tf.image.resizeNearestNeighbor(images, [1, 4]);
    expect([y.dtype, ...y.dataSync()]).toEqual(["int32", 2 ** 24 + 1, 2 ** 24 + 1, 5, 5]);
  });
});

describe("CropAndResize", () => {
  const boxes = (): tf.Tensor[] => [
    normal(IMAGES, 3),
    tf.tensor2d([
      [0, 0, 1, 1],
      [0.1, 0.25, 0.7, 0.9],
      [0.8, 0.9, 0.2, 0.1],
      [-0.5, 0.2, 0.6, 1.4],
      [0.3, 0.3, 0.3, 0.3],
      [2, 2, 3, 3],
    ]),
    tf.tensor1d([0, 2, 1, 1, 2, 0], "int32"),
  ];
  for (const method of ["bilinear", "nearest"] as const) {
    it(`is that of cpu, ${method}`, async () => {
      for (const size of [
        [24, 31],
        [1, 1],
        [1, 9],
        [70, 3],
      ] as Size[]) {
        await compareWithCpu(
          boxes,
          ([x, b, i]) => [
            tf.image.cropAndResize(x as tf.Tensor4D, b as tf.Tensor2D, i as tf.Tensor1D, size, method, -3),
          ],
          method === "nearest" ? 0 : 1e-6,
        );
      }
    });
  }

  it("fills with the given value where a box is NaN, with 0 where there is no such image", async () => {
    await tf.setBackend("onednn");
    const box = tf.tensor2d([
      [Number.NaN, 0, 1, 1],
      [0, 0, 1, 1],
      [0, 0, 1, 1],
    ]);
    const image = tf.tensor1d([0, 7, -1], "int32");
    const y = tf.image.cropAndResize(tf.ones([1, 4, 4, 1]), box, image, [1, 2], "bilinear", 5);
    expect([...y.dataSync()]).toEqual([5, 5, 0, 0, 0, 0]);
  });
});
