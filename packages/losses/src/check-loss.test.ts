import "@simclr/ops/register";
import type { Random } from "@simclr/core";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { checkLoss } from "./check-loss.js";
import { defineLoss } from "./define-loss.js";

type Views = readonly [tf.Tensor2D, tf.Tensor2D];

const matrix = (random: Random): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: 12 }, () => random.normal()),
    [4, 3],
  );
const inputs = (random: Random): Views => [matrix(random), matrix(random)];
const CLAIMS = { inputs, differentiable: [0, 1], rowOrder: [[0, 1]], viewSymmetry: [[0, 1]] } as const;
const meanOf = (f: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor) =>
  defineLoss({ name: "mine", loss: ([a, b]: Views) => tf.tidy(() => tf.mean<tf.Scalar>(f(a, b))) });
const squared = meanOf((a, b) => tf.square(tf.sub(a, b)));

describeBackends(["cpu"], () => {
  describe("checkLoss", () => {
    it("passes a loss that keeps its promises, says what it tested and leaves nothing in memory", async () => {
      const before = tf.memory().numTensors;
      expect(await checkLoss(squared, CLAIMS)).toEqual([
        "value",
        "memory",
        "gradient",
        "row order",
        "view symmetry",
        "extreme inputs",
      ]);
      expect(await checkLoss(squared, { inputs })).toEqual(["value", "memory", "gradient", "extreme inputs"]);
      expect(tf.memory().numTensors).toBe(before);
    });

    it("knows the types of the inputs from the loss, as in the README", async () => {
      const alignment = defineLoss({
        name: "alignment",
        options: { power: 2 },
        loss: ([z1, z2]: Views, { power }) =>
          tf.tidy(() => tf.mean<tf.Scalar>(tf.pow(tf.sum(tf.square(tf.sub(z1, z2)), 1), power / 2))),
      });
      await checkLoss(alignment, {
        inputs: (random) => {
          const view = () => tf.tensor2d([1, 2, 3, 4].map(() => [random.normal(), random.normal()]));
          return [view(), view()];
        },
        options: { power: 4 },
        magnitudes: [0, 10],
        differentiable: [0, 1],
        rowOrder: [[0, 1]],
        viewSymmetry: [[0, 1]],
      });
    });

    it("finds a gradient that is wrong by a factor", async () => {
      const doubled = tf.customGrad((x, save) => {
        (save as tf.GradSaveFunc)([x as tf.Tensor]);
        const value = tf.square(x as tf.Tensor);
        return { value, gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(dy, tf.mul(4, saved!)) };
      });
      const loss = meanOf((a, b) => doubled(tf.sub(a, b)));
      await expect(checkLoss(loss, CLAIMS)).rejects.toThrow(
        /^checkLoss: the loss "mine" must keep its promises; 1 of 6 checks failed\. Correct the loss, or claim less\.\n- gradient: element 0 of input 0 has .*, central differences give /,
      );
    });

    it("compares the gradient with the frozen function where a part is held constant", async () => {
      const constant = (x: tf.Tensor): tf.Tensor =>
        tf.customGrad((y) => ({ value: tf.clone(y as tf.Tensor), gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy) }))(x);
      const loss = meanOf((a) => tf.mul(a, constant(a)));
      await expect(checkLoss(loss, { inputs })).rejects.toThrow("gradient: element 0 of input 0");
      const frozen = ([at]: Views) => {
        return ([a]: Views) => tf.mean<tf.Scalar>(tf.mul(a, at));
      };
      await checkLoss(loss, { inputs, frozen });
    });

    it("finds tensors left behind", async () => {
      const loss = defineLoss({ name: "leaky", loss: ([a, b]: Views) => tf.mean<tf.Scalar>(tf.square(tf.sub(a, b))) });
      await expect(checkLoss(loss, { inputs })).rejects.toThrow(
        "memory: a call must make 1 new tensors in all; left 3. Use tf.tidy",
      );
    });

    it("finds an input that was disposed", async () => {
      const loss = defineLoss({
        name: "greedy",
        loss: ([a, b]: Views) => {
          const value = tf.tidy(() => tf.mean<tf.Scalar>(tf.sub(a, b)));
          b.dispose();
          return value;
        },
      });
      await expect(checkLoss(loss, { inputs })).rejects.toThrow("memory: a call disposed an input");
    });

    it("finds a row order that matters, and views that are not alike", async () => {
      const weighted = meanOf((a, b) => tf.mul(tf.square(tf.sub(a, b)), tf.tensor2d([1, 2, 3, 4], [4, 1])));
      await expect(checkLoss(weighted, CLAIMS)).rejects.toThrow("row order: rows of inputs 0 and 1 in another order");
      const oneSided = meanOf((a, b) => tf.square(tf.sub(tf.mul(2, a), b)));
      await expect(checkLoss(oneSided, CLAIMS)).rejects.toThrow("view symmetry: swapped views change the loss");
    });

    it("finds a value and a gradient that are not finite", async () => {
      const exponential = meanOf((a, b) => tf.exp(tf.abs(tf.sub(a, b))));
      await expect(checkLoss(exponential, { inputs })).rejects.toThrow(
        "extreme inputs: the value must be finite for inputs times 10000; received Infinity",
      );
      const root = meanOf((a, b) => tf.mul(tf.sqrt(tf.sum(tf.square(a), 1)), tf.mean(b)));
      await expect(checkLoss(root, { inputs })).rejects.toThrow(
        "extreme inputs: a gradient must be finite for inputs times 0; received NaN",
      );
    });

    it("finds a value that changes from call to call", async () => {
      let calls = 0;
      const counting = meanOf((a, b) => tf.add(calls++, tf.sub(a, b)));
      await expect(checkLoss(counting, { inputs })).rejects.toThrow("value: must be the same for the same inputs");
    });

    it("reports a loss that throws", async () => {
      const loss = meanOf((a, b) => tf.matMul(a, b));
      await expect(checkLoss(loss, { inputs })).rejects.toThrow("value: threw Error: Error in matMul");
    });
  });
});
