import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { checkGradient, describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contrastMetrics } from "./contrast-metrics.js";
import { ntXentLoss } from "./nt-xent.js";

const FIRST = [1, 2, 3, -1, 0.5, 2, 0.5, 0.5, -1];
const SECOND = [1.5, 1.8, 2.5, -0.8, 0.9, 1.5, 0.2, 0.9, -1.2];
const views = (): [tf.Tensor2D, tf.Tensor2D] => [tf.tensor2d(FIRST, [3, 3]), tf.tensor2d(SECOND, [3, 3])];

/** Temperature, loss of the reference, contrastive accuracy, contrastive entropy. */
const GOLDEN: [number, number, number, number][] = [
  [1.0, 1.9239453, 1, 0.9374426],
  [0.5, 1.2238109, 1, 0.6709424],
  [0.1, 0.1484304, 1, 0.1382784],
];
/** Gradient of the reference's loss at temperature 0.5 with respect to the rows before normalisation. */
const GOLDEN_GRADIENT = [
  [-0.14266849, 0.01453031, 0.03786929, 0.16594255, 0.04269572, 0.07229736, 0.10825101, 0.05837443, 0.08331275],
  [-0.06474042, 0.03105777, 0.01648265, 0.24155404, 0.19417202, 0.01232561, -0.03733584, 0.13376291, 0.09409946],
];

/** Two views of N images in D dimensions; no entry, and so no row, is zero. */
const anyViews = fc.tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) => {
  const size = { minLength: rows * columns, maxLength: rows * columns };
  const rowsOf = fc.array(fc.integer({ min: -8, max: 7 }), size).map((values) =>
    tf.tensor2d(
      values.map((value) => (value + 0.5) / 4),
      [rows, columns],
    ),
  );
  return fc.tuple(rowsOf, rowsOf);
});
const RUNS = { numRuns: 30, seed: 1 };

/** NT-Xent of the reference scale, built from operations that tfjs-core differentiates. */
function composed(z1: tf.Tensor2D, z2: tf.Tensor2D, temperature: number): tf.Scalar {
  const unit = (z: tf.Tensor2D) => tf.div(z, tf.sqrt(tf.maximum(tf.sum(tf.square(z), 1, true), 1e-12))) as tf.Tensor2D;
  const [a, b] = [unit(z1), unit(z2)];
  const mask = tf.mul(tf.eye(z1.shape[0]), 1e9);
  const side = (from: tf.Tensor2D, to: tf.Tensor2D): tf.Tensor => {
    const across = tf.div(tf.matMul(from, to, false, true), temperature);
    const within = tf.sub(tf.div(tf.matMul(from, from, false, true), temperature), mask);
    const logits = tf.concat([across, within], 1);
    const positive = tf.div(tf.sum(tf.mul(from, to), 1), temperature);
    return tf.mean(tf.sub(tf.logSumExp(logits, 1), positive));
  };
  return tf.add(side(a, b), side(b, a));
}

describeBackends(["cpu", "onednn"], () => {
  describe("ntXentLoss", () => {
    it.each(GOLDEN)("has the reference's value at temperature %d", (temperature, expected) => {
      const [z1, z2] = views();
      // The logits reach 10, where one float32 ulp is 1e-6; the golden values have 7 decimals.
      expectClose(ntXentLoss(z1, z2, { temperature, scale: "reference" }), expected, { atol: 2e-6 });
      expectClose(ntXentLoss(z1, z2, { temperature }), expected / 2, { atol: 2e-6 });
    });

    it("has the reference's gradient", () => {
      const loss = (z1: tf.Tensor2D, z2: tf.Tensor2D) => ntXentLoss(z1, z2, { temperature: 0.5, scale: "reference" });
      const [d1, d2] = tf.grads(loss as (...z: tf.Tensor[]) => tf.Scalar)(views());
      expectClose(d1!, GOLDEN_GRADIENT[0]!, { atol: 1e-6 });
      expectClose(d2!, GOLDEN_GRADIENT[1]!, { atol: 1e-6 });
    });

    it.each([0.07, 0.1, 0.5, 2])(
      "has the gradient of its definition, by autodiff, at temperature %d",
      (temperature) => {
        const z1 = tf.randomNormal<tf.Rank.R2>([24, 16], 0, 3, "float32", 5);
        const z2 = tf.add(z1, tf.randomNormal([24, 16], 0, 2, "float32", 6)) as tf.Tensor2D;
        const gradients = (f: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Scalar): tf.Tensor[] =>
          tf.grads(((a: tf.Tensor2D, b: tf.Tensor2D) => tf.mul(3, f(a, b))) as (...z: tf.Tensor[]) => tf.Scalar)([
            z1,
            z2,
          ]);
        const actual = gradients((a, b) => ntXentLoss(a, b, { temperature, scale: "reference" }));
        const expected = gradients((a, b) => composed(a, b, temperature));
        // Float32 sums of up to 48 terms, each near 1 / temperature.
        for (const side of [0, 1]) expectClose(actual[side]!, expected[side]!, { atol: 2e-6, rtol: 1e-4 });
      },
    );

    it("has the gradient that central differences give", () => {
      const [z1, z2] = views();
      const check = { step: 1e-2, atol: 2e-4, rtol: 1e-3 }; // truncation is of the order of step²
      checkGradient((z: tf.Tensor2D) => ntXentLoss(z, z2, { temperature: 0.5 }), z1, check);
      checkGradient((z: tf.Tensor2D) => ntXentLoss(z1, z, { temperature: 0.5 }), z2, check);
    });

    it("is log(2N - 1) when every projection is the same", () => {
      const z = tf.ones<tf.Rank.R2>([4, 3]);
      expectClose(ntXentLoss(z, z), Math.log(7), { atol: 1e-5 }); // logits near 10: one float32 ulp is 1e-6
    });

    it("does not change when the views are swapped or rows are scaled", () => {
      void fc.assert(
        fc.property(anyViews, fc.double({ min: 0.5, max: 4, noNaN: true }), ([z1, z2], factor) => {
          const loss = ntXentLoss(z1, z2);
          expectClose(ntXentLoss(z2, z1), loss, { atol: 1e-5 }); // logits up to 10, a sum in another order
          expectClose(ntXentLoss(tf.mul(z1, factor), z2), loss, { atol: 1e-5 });
        }),
        RUNS,
      );
    });

    it("does not change when the images are reordered", () => {
      void fc.assert(
        fc.property(anyViews, ([z1, z2]) => {
          const loss = ntXentLoss(tf.reverse(z1, 0), tf.reverse(z2, 0));
          expectClose(loss, ntXentLoss(z1, z2), { atol: 1e-5 });
        }),
        RUNS,
      );
    });

    it("stays finite, with a finite gradient, for rows of zeros and for huge and tiny logits", () => {
      const z1 = tf.tensor2d([0, 0, 1e15, -1e15, 1e-15, 0], [3, 2]);
      const z2 = tf.tensor2d([0, 0, 1e15, 1e15, -1, 1], [3, 2]);
      for (const temperature of [1e-4, 0.1, 100]) {
        const loss = (a: tf.Tensor, b: tf.Tensor) => ntXentLoss(a as tf.Tensor2D, b as tf.Tensor2D, { temperature });
        const { value, grads } = tf.valueAndGrads(loss as (...z: tf.Tensor[]) => tf.Scalar)([z1, z2]);
        for (const tensor of [value, ...grads]) expect([...tensor.dataSync()].every(Number.isFinite)).toBe(true);
      }
    });

    it("is the same in value and gradient whatever the number of rows at once", () => {
      const z1 = tf.randomNormal<tf.Rank.R2>([13, 8], 0, 3, "float32", 5);
      const z2 = tf.add(z1, tf.randomNormal([13, 8], 0, 2, "float32", 6)) as tf.Tensor2D;
      const at = (f: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Scalar) => {
        const { value, grads } = tf.valueAndGrads(f as (...z: tf.Tensor[]) => tf.Scalar)([z1, z2]);
        return [value, ...grads];
      };
      const plain = at((a, b) => composed(a, b, 0.2));
      for (const blockSize of [1, 5, 26, 1000]) {
        const blocked = at((a, b) => ntXentLoss(a, b, { temperature: 0.2, scale: "reference", blockSize }));
        for (const [i, expected] of plain.entries()) expectClose(blocked[i]!, expected, { atol: 1e-5 });
      }
    });

    it("makes no matrix larger than a block, forwards and backwards", async () => {
      const z1 = tf.randomNormal<tf.Rank.R2>([256, 4], 0, 1, "float32", 5);
      const z2 = tf.randomNormal<tf.Rank.R2>([256, 4], 0, 1, "float32", 6);
      const largest = async (blockSize: number): Promise<number> => {
        const loss = (a: tf.Tensor, b: tf.Tensor) => ntXentLoss(a as tf.Tensor2D, b as tf.Tensor2D, { blockSize });
        const { kernels } = await tf.profile(() => {
          tf.dispose(tf.valueAndGrads(loss as (...z: tf.Tensor[]) => tf.Scalar)([z1, z2]) as never);
          return tf.scalar(0);
        });
        return Math.max(...kernels.flatMap(({ outputShapes }) => outputShapes.map((s) => tf.util.sizeFromShape(s))));
      };
      expect(await largest(512)).toBe(512 * 512); // the measure sees the whole matrix where it is made
      expect(await largest(16)).toBe(16 * 512);
    });

    it("leaves only its result in memory, and its gradient only the gradients, under the engine's leak check too", () => {
      const [z1, z2] = views();
      expectNewTensors(1, () => ntXentLoss(z1, z2));
      tf.env().set("IS_TEST", true);
      try {
        const gradients = tf.valueAndGrads(ntXentLoss as unknown as (...z: tf.Tensor[]) => tf.Scalar);
        expectNewTensors(3, () => gradients([z1, z2]) as unknown as tf.TensorContainer);
      } finally {
        tf.env().set("IS_TEST", false);
      }
    });

    it("refuses what it cannot compute, and says why", () => {
      const z = (rows: number, columns: number) => tf.zeros<tf.Rank.R2>([rows, columns]);
      expect(() => ntXentLoss(z(4, 3), z(3, 3))).toThrow(
        "ntXentLoss: `z2` must have shape [4, 3], like `z1`; received [3, 3]. Pass two views of the same images.",
      );
      expect(() => ntXentLoss(z(1, 3), z(1, 3))).toThrow(
        "ntXentLoss: `z1` must have at least 2 rows and 1 column; received [1, 3]. The other images of the batch are the " +
          "negatives, so one image alone has none; use a larger batch.",
      );
      expect(() => ntXentLoss(z(2, 3), z(2, 3), { temperature: 0 })).toThrow(
        "ntXentLoss: `temperature` must be a finite number > 0; received 0.",
      );
      expect(() => ntXentLoss(z(2, 3), z(2, 3), { blockSize: 0 })).toThrow(
        "ntXentLoss: `blockSize` must be an integer >= 1; received 0. It counts rows of the similarity matrix.",
      );
      expect(() => ntXentLoss(z(2, 3), z(2, 3), { scale: "double" as "paper" })).toThrow(
        'ntXentLoss: `scale` must be one of "paper", "reference"; received "double".',
      );
      expect(() => ntXentLoss(tf.zeros([2, 3, 1]) as unknown as tf.Tensor2D, z(2, 3))).toThrow(
        "ntXentLoss: `z1` must have shape [any, any]; received [2, 3, 1].",
      );
    });
  });

  describe("contrastMetrics", () => {
    it.each(GOLDEN)("has the reference's values at temperature %d", (temperature, _loss, accuracy, entropy) => {
      const [z1, z2] = views();
      const metrics = contrastMetrics(z1, z2, { temperature });
      expectClose(metrics.contrastAccuracy, accuracy, {});
      expectClose(metrics.contrastEntropy, entropy, { atol: 1e-6 });
    });

    it("counts an image only if its own second view is the nearest second view", () => {
      const z1 = tf.tensor2d([1, 0, 0, 1, -1, 0, 1, 1], [4, 2]);
      const z2 = tf.tensor2d([1, 0.1, 0.5, -1, -1, 0, 0, -1], [4, 2]); // right, wrong (row 0), right, wrong (row 0)
      expectClose(contrastMetrics(z1, z2).contrastAccuracy, 0.5, {});
    });

    it("has the entropy log N when all second views are alike", () => {
      const z2 = tf.ones<tf.Rank.R2>([8, 2]);
      expectClose(
        contrastMetrics(tf.randomNormal<tf.Rank.R2>([8, 2], 0, 1, "float32", 3), z2).contrastEntropy,
        Math.log(8),
        {
          atol: 1e-5,
        },
      );
    });

    it("leaves only its two results in memory", () => {
      const [z1, z2] = views();
      expectNewTensors(2, () => ({ ...contrastMetrics(z1, z2) }));
    });
  });
});
