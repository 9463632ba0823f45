import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, values } from "../testing.js";

const DTYPES = ["float32", "int32", "bool"] as const;

/** Every permutation of 0 .. rank - 1. */
function permutations(rank: number): number[][] {
  if (rank === 0) return [[]];
  return permutations(rank - 1).flatMap((rest) =>
    Array.from({ length: rank }, (_, at) => [...rest.slice(0, at), rank - 1, ...rest.slice(at)]),
  );
}

describe("Transpose", () => {
  it("is that of cpu for every permutation of 4 dimensions", async () => {
    for (const perm of permutations(4)) {
      await compareWithCpu(
        () => [values([3, 18, 5, 33], "float32", 1)],
        ([x]) => [tf.transpose(x!, perm)],
        0,
      );
    }
  });

  for (const dtype of DTYPES) {
    it(`is that of cpu for ${dtype} at large, odd and thin shapes`, async () => {
      const cases: [number[], number[]][] = [
        [
          [1031, 517],
          [1, 0],
        ],
        [
          [2, 3, 4099],
          [0, 2, 1],
        ],
        [
          [2, 4099, 3],
          [0, 2, 1],
        ],
        [
          [1, 70001, 2],
          [2, 1, 0],
        ],
        [
          [7, 33, 65, 3],
          [0, 3, 1, 2],
        ],
        [
          [5, 2, 3, 1, 4, 2, 7],
          [6, 2, 0, 3, 5, 4, 1],
        ],
        [
          [4, 0, 3],
          [2, 0, 1],
        ],
        [[], []],
      ];
      for (const [shape, perm] of cases) {
        await compareWithCpu(
          () => [values(shape, dtype, 2)],
          ([x]) => [tf.transpose(x!, perm)],
          0,
        );
      }
    });
  }
});

describe("Slice, SplitV, Unpack", () => {
  for (const dtype of DTYPES) {
    it(`are those of cpu for ${dtype}`, async () => {
      const slices: [number[], number[], number[]][] = [
        [
          [40, 33, 17, 9],
          [3, 1, 0, 2],
          [35, 31, 17, 6],
        ],
        [
          [40, 33, 17, 9],
          [7, 0, 0, 0],
          [20, 33, 17, 9],
        ],
        [
          [40, 33, 17, 9],
          [0, 0, 5, 8],
          [40, 33, 12, 1],
        ],
        [[300_001], [77], [299_000]],
        [
          [4, 5],
          [0, 0],
          [4, 5],
        ],
        [
          [4, 5],
          [4, 1],
          [0, 3],
        ],
        [
          [3, 4, 2, 3, 2, 5, 3],
          [1, 0, 1, 1, 0, 2, 0],
          [2, 4, 1, 2, 1, 3, 2],
        ],
      ];
      for (const [shape, begin, size] of slices) {
        await compareWithCpu(
          () => [values(shape, dtype, 3)],
          ([x]) => [tf.slice(x!, begin, size)],
          0,
        );
      }
      const x = () => [values([31, 42, 19], dtype, 4)];
      await compareWithCpu(x, ([x]) => tf.split(x!, 3, 1), 0);
      await compareWithCpu(x, ([x]) => tf.split(x!, [5, 0, 26], 0), 0);
      await compareWithCpu(x, ([x]) => tf.split(x!, [18, -1], -1), 0);
      await compareWithCpu(x, ([x]) => [...tf.unstack(x!, 0), ...tf.unstack(x!, 1), ...tf.unstack(x!, -1)], 0);
    });
  }
});

describe("Tile, Reverse", () => {
  for (const dtype of DTYPES) {
    it(`are those of cpu for ${dtype}`, async () => {
      const x = () => [values([19, 1, 37, 5], dtype, 5)];
      for (const reps of [
        [1, 1, 1, 1],
        [2, 3, 1, 4],
        [1, 1, 3, 1],
        [1, 7, 1, 1],
        [3, 1, 1, 0],
      ]) {
        await compareWithCpu(x, ([x]) => [tf.tile(x!, reps)], 0);
      }
      for (const axes of [[0], [1], [3], [0, 2], [2, 3], [0, 1, 2, 3], [-1], []]) {
        await compareWithCpu(x, ([x]) => [tf.reverse(x!, axes)], 0);
      }
      const thin = () => [values([70_003], dtype, 7), values([2, 3, 2, 3, 2, 3], dtype, 8), values([3, 0], dtype, 9)];
      await compareWithCpu(
        thin,
        ([a, b, c]) => [
          ...[tf.tile(a!, [3]), tf.tile(b!, [2, 1, 2, 1, 2, 2]), tf.tile(c!, [2, 2])],
          ...[tf.reverse(a!), tf.reverse(b!, [1, 3, 5]), tf.reverse(c!)],
        ],
        0,
      );
    });
  }
});

describe("FlipLeftRight", () => {
  it("is that of cpu", async () => {
    const image = () => [values([3, 21, 67, 3], "float32", 6), values([2, 5, 1, 4], "float32", 7)];
    await compareWithCpu(image, (xs) => xs.map((x) => tf.image.flipLeftRight(x as tf.Tensor4D)), 0);
  });
});

describe("values and errors", () => {
  it("keep every bit, NaN, infinities and -0 among them", async () => {
    await tf.setBackend("onednn");
    const bits = new Float32Array(Uint32Array.from({ length: 3 * 257 }, (_, i) => Math.imul(i, 2654435761)).buffer);
    bits.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]);
    const x = tf.tensor2d(bits, [3, 257]);
    const back = tf.transpose(tf.reverse(tf.reverse(tf.transpose(x), [0]), [0]));
    expect(Buffer.from(back.dataSync().buffer)).toEqual(Buffer.from(x.dataSync().buffer));
  });

  it("refuses a slice outside the tensor", async () => {
    await tf.setBackend("onednn");
    expect(() => tf.slice(tf.ones([4, 5]), [2, 0], [3, 5])).toThrow("would overflow input.shape[0]");
  });
});
