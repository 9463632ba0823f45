import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { type Communicator, singleProcess } from "@simclr/core";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { contrastMetrics } from "./contrast-metrics.js";
import { ntXentLoss } from "./nt-xent.js";
import { type NtXentWithGradients, ntXent, ntXentWithGradients } from "./nt-xent-with-metrics.js";

const FIRST = [1, 2, 3, -1, 0.5, 2, 0.5, 0.5, -1];
const SECOND = [1.5, 1.8, 2.5, -0.8, 0.9, 1.5, 0.2, 0.9, -1.2];
const views = (): [tf.Tensor2D, tf.Tensor2D] => [tf.tensor2d(FIRST, [3, 3]), tf.tensor2d(SECOND, [3, 3])];

/** Communicators of ranks that share this process: a gather waits until all ranks have called it. */
function ranksOfOneProcess(size: number): Communicator[] {
  let calls: { values: Float32Array; done: (all: Float32Array) => void }[] = [];
  const gather = (rank: number, values: Float32Array): Promise<Float32Array> =>
    new Promise((done) => {
      calls[rank] = { values: values.slice(), done };
      if (Object.keys(calls).length < size) return;
      const all = Float32Array.from(calls.flatMap((call) => [...call.values]));
      for (const call of calls) call.done(all.slice());
      calls = [];
    });
  return Array.from({ length: size }, (_, rank) => ({
    ...singleProcess(),
    rank,
    size,
    allGather: (values) => gather(rank, values),
  }));
}

const IMAGES = 12;
const WIDTH = 7;
const inputs = (): tf.Tensor2D[] => [11, 12].map((seed) => tf.randomNormal([IMAGES, WIDTH], 0, 1, "float32", seed));
/** A linear encoder from 7 to 5, the model whose gradient the ranks must agree on. */
const weights = (): tf.Tensor2D => tf.randomNormal([WIDTH, 5], 0, 1, "float32", 13);
const rowsOf = (x: tf.Tensor2D, rank: number, size: number): tf.Tensor2D =>
  tf.slice2d(x, [(rank * IMAGES) / size, 0], [IMAGES / size, -1]);

/** The gradient that reaches the encoder of one rank out of the gradients of its projections. */
function encoderGradient(x1: tf.Tensor2D, x2: tf.Tensor2D, dz: readonly [tf.Tensor2D, tf.Tensor2D]): tf.Tensor {
  return tf.tidy(() => tf.add(tf.matMul(x1, dz[0], true), tf.matMul(x2, dz[1], true)));
}

const mean = (tensors: tf.Tensor[]): tf.Tensor => tf.mean(tf.stack(tensors), 0);
const largestDifference = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

describeBackends(["cpu", "onednn"], () => {
  describe("ntXent", () => {
    it("gives the loss and both metrics of the reference", async () => {
      const [z1, z2] = views();
      const { loss, contrastAccuracy, contrastEntropy } = await ntXent(z1, z2, {
        temperature: 0.5,
        scale: "reference",
      });
      expectClose(loss, 1.2238109, { atol: 2e-6 });
      expectClose(contrastAccuracy, 1, {});
      expectClose(contrastEntropy, 0.6709424, { atol: 1e-6 });
    });

    it("gives on three ranks of one image each what the reference gives on one rank of three", async () => {
      const [z1, z2] = views();
      const results = await Promise.all(
        ranksOfOneProcess(3).map((communicator, rank) => {
          const own = [z1, z2].map((z) => tf.slice2d(z, [rank, 0], [1, -1])) as [tf.Tensor2D, tf.Tensor2D];
          return ntXent(...own, { temperature: 0.5, scale: "reference", communicator });
        }),
      );
      for (const { loss, contrastAccuracy, contrastEntropy } of results) {
        expectClose(loss, 1.2238109, { atol: 2e-6 });
        expectClose(contrastAccuracy, 1, {});
        expectClose(contrastEntropy, 0.6709424, { atol: 1e-6 });
      }
    });

    it("leaves only its three results in memory, and nothing where it fails", async () => {
      const [z1, z2] = views();
      const before = tf.memory().numTensors;
      tf.dispose({ ...(await ntXent(z1, z2)) });
      expect(tf.memory().numTensors).toBe(before);
      const short: Communicator = { ...singleProcess(), size: 4 };
      await expect(ntXent(z1, z2, { communicator: short })).rejects.toThrow(
        "ntXent: all 4 ranks must pass equally many rows and columns; received 18 numbers for 4 times 18. Drop the last, " +
          "smaller batch of an epoch.",
      );
      expect(tf.memory().numTensors).toBe(before);
      await expect(ntXent(tf.zeros([1, 3]), tf.zeros([1, 3]))).rejects.toThrow(
        "ntXent: `z1` must have at least 2 rows and 1 column; received [1, 3].",
      );
    });
  });

  describe("ntXentWithGradients", () => {
    it("has the reference's gradient on one rank", async () => {
      const { gradients } = await ntXentWithGradients(...views(), { temperature: 0.5, scale: "reference" });
      expectClose(tf.slice2d(gradients[0], [0, 0], [1, 3]), [-0.14266849, 0.01453031, 0.03786929], { atol: 1e-6 });
      expectClose(tf.slice2d(gradients[1], [2, 0], [1, 3]), [-0.03733584, 0.13376291, 0.09409946], { atol: 1e-6 });
    });

    it.each([1, 2, 3, 4])("is on %d ranks what one rank computes, and negatives of one rank are not", async (size) => {
      const [x1, x2] = inputs() as [tf.Tensor2D, tf.Tensor2D];
      const encoder = weights();
      const options = { temperature: 0.2 };
      const encode = (x: tf.Tensor2D): tf.Tensor2D => tf.matMul(x, encoder);
      const { value, grad } = tf.valueAndGrad((w) => {
        const encodeWith = (x: tf.Tensor2D): tf.Tensor2D => tf.matMul(x, w as tf.Tensor2D);
        return ntXentLoss(encodeWith(x1), encodeWith(x2), options);
      })(encoder);
      const metrics = contrastMetrics(encode(x1), encode(x2), options);
      /** What every rank does, with the given idea of who the others are. */
      const onEveryRank = async (communicators: Communicator[]): Promise<[NtXentWithGradients[], tf.Tensor]> => {
        const parts = communicators.map((_, rank) => [rowsOf(x1, rank, size), rowsOf(x2, rank, size)] as const);
        const results = await Promise.all(
          communicators.map((communicator, rank) =>
            ntXentWithGradients(encode(parts[rank]![0]), encode(parts[rank]![1]), { ...options, communicator }),
          ),
        );
        const toEncoder = results.map(({ gradients }, rank) => encoderGradient(...parts[rank]!, gradients));
        return [results, mean(toEncoder)];
      };

      const [results, gradient] = await onEveryRank(ranksOfOneProcess(size));
      for (const result of results) {
        expectClose(result.loss, value, { atol: 1e-5 });
        expectClose(result.contrastAccuracy, metrics.contrastAccuracy, { atol: 1e-6 });
        expectClose(result.contrastEntropy, metrics.contrastEntropy, { atol: 1e-5 });
      }
      expectClose(gradient, grad, { atol: 1e-5 });

      if (size === 1) return;
      const alone = Array.from({ length: size }, singleProcess);
      const [local, localGradient] = await onEveryRank(alone);
      expect(largestDifference(mean(local.map(({ loss }) => loss)), value)).toBeGreaterThan(0.1);
      expect(largestDifference(localGradient, grad)).toBeGreaterThan(1e-3);
    });

    it("needs the part of the gradient that returns from other ranks: gathered rows as constants are not enough", async () => {
      const size = 2;
      const [x1, x2] = inputs() as [tf.Tensor2D, tf.Tensor2D];
      const whole = tf.grads(((a: tf.Tensor2D, b: tf.Tensor2D) => ntXentLoss(a, b)) as (
        ...z: tf.Tensor[]
      ) => tf.Scalar);
      const expected = rowsOf(whole([x1, x2])[0] as tf.Tensor2D, 0, size);
      /** Loss of the anchors of rank 0 alone, all other rows constant. */
      const detached = tf.grad((own) => {
        const unit = (x: tf.Tensor): tf.Tensor2D => tf.div(x, tf.norm(x, 2, 1, true)) as tf.Tensor2D;
        const [a, b] = [unit(own), unit(rowsOf(x2, 0, size))];
        const others = tf.concat([rowsOf(x1, 1, size), rowsOf(x2, 1, size)]);
        const anchors = tf.concat([a, b]) as tf.Tensor2D;
        const candidates = tf.concat([anchors, unit(others)]) as tf.Tensor2D;
        const logits = tf.div(tf.matMul(anchors, candidates, false, true), 0.1);
        const masked = tf.sub(logits, tf.mul(tf.eye(IMAGES, 2 * IMAGES), 1e9));
        const positive = tf.tile(tf.div(tf.sum(tf.mul(a, b), 1), 0.1), [2]);
        return tf.mean<tf.Scalar>(tf.sub(tf.logSumExp(masked, 1), positive));
      })(rowsOf(x1, 0, size));
      const [first] = await Promise.all(
        ranksOfOneProcess(size).map((communicator, rank) =>
          ntXentWithGradients(rowsOf(x1, rank, size), rowsOf(x2, rank, size), { communicator }),
        ),
      );
      expectClose(tf.div(first!.gradients[0], size), expected, { atol: 1e-5 });
      expect(largestDifference(tf.div(detached, size), expected)).toBeGreaterThan(1e-3);
    });

    it("leaves only its five results in memory", async () => {
      const [z1, z2] = views();
      const before = tf.memory().numTensors;
      const result = await ntXentWithGradients(z1, z2);
      expect(tf.memory().numTensors - before).toBe(5);
      tf.dispose({ ...result } as unknown as tf.TensorContainer);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
