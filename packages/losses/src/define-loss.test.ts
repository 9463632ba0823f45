import "@simclr/ops/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { defineLoss } from "./define-loss.js";

type Views = readonly [tf.Tensor2D, tf.Tensor2D];
const distance = defineLoss({
  name: "distance",
  options: { factor: 1, power: 2 },
  loss: ([a, b]: Views, { factor, power }) =>
    tf.tidy(() => tf.mul<tf.Scalar>(factor, tf.mean(tf.pow(tf.sub(a, b), power)))),
});
const views = (): Views => [tf.tensor2d([3, 5], [1, 2]), tf.tensor2d([1, 1], [1, 2])];

describeBackends(["cpu"], () => {
  describe("defineLoss", () => {
    it("gives the loss its defaults, and what the caller wants different", () => {
      expectClose(distance.loss(views()), (2 ** 2 + 4 ** 2) / 2, {});
      expectClose(distance.loss(views(), { power: 1, factor: 3 }), 9, { rtol: 1e-6 });
      expect(distance.options).toEqual({ factor: 1, power: 2 });
    });

    it("gives the same loss with other defaults", () => {
      const linear = distance.with({ power: 1 });
      expect([linear.name, linear.options]).toEqual(["distance", { factor: 1, power: 1 }]);
      expectClose(linear.loss(views(), { factor: 3 }), 9, { rtol: 1e-6 });
      expect(() => distance.with({ power: "2" as never })).toThrow(
        'loss "distance": `power` must be a finite number, as its default 2 is; received "2". Correct or remove it.',
      );
    });

    it("passes gradients", () => {
      const gradient = tf.grad((a) => distance.loss([a as tf.Tensor2D, views()[1]]))(views()[0]);
      expectClose(gradient, [2, 4], { rtol: 1e-6 });
    });

    it("refuses an option that the loss has not got", () => {
      expect(() => distance.loss(views(), { pwoer: 1 } as never)).toThrow(
        'loss "distance": unknown option `pwoer`; expected one of factor, power. Correct or remove it.',
      );
      const plain = defineLoss({ name: "plain", loss: ([a]: Views) => tf.mean<tf.Scalar>(a) });
      expect(() => plain.loss(views(), { power: 1 } as never)).toThrow(
        'loss "plain": unknown option `power`; expected none, as it has no options. Correct or remove it.',
      );
    });

    it("refuses a result that is not a float32 scalar", () => {
      const returning = (result: () => unknown) =>
        defineLoss({ name: "odd", loss: (_: Views) => result() as tf.Scalar });
      for (const [result, received] of [
        [() => tf.zeros([2]), "float32 [2]"],
        [() => tf.scalar(1, "int32"), "int32 []"],
        [() => Promise.resolve(), "a promise"],
        [() => 1, "number"],
      ] as const)
        expect(() => returning(result).loss(views())).toThrow(
          `loss "odd" must return a float32 scalar, synchronously; received ${received}. Reduce it with tf.mean or tf.sum.`,
        );
    });

    it("refuses a definition without a usable name or without a function", () => {
      expect(() => defineLoss({ name: "my loss", loss: (_: Views) => tf.scalar(0) })).toThrow(
        'defineLoss: `name` must be letters, digits and "-", starting with a letter; received "my loss". Name it as a ' +
          'configuration would, such as "nt-xent".',
      );
      expect(() => defineLoss({ name: "mine" } as never)).toThrow(
        'defineLoss: `loss` of "mine" must be a function (inputs, options) => scalar; received undefined. Pass the function ' +
          "itself.",
      );
    });
  });
});
