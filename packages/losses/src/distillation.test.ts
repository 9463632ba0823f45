import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { checkGradient, describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { distillationLoss, distillationWithLabels } from "./distillation.js";

/** At temperature 2 the student's distributions are (1/4, 3/4) and (1/2, 1/2), the teacher's (2/3, 1/3) and (1/5, 4/5). */
const student = (): tf.Tensor2D => tf.tensor2d([0, 2 * Math.log(3), 1, 1], [2, 2]);
const teacher = (): tf.Tensor2D => tf.tensor2d([2 * Math.log(2), 0, 0, 2 * Math.log(4)], [2, 2]);
const CROSS_ENTROPY = ((2 / 3) * Math.log(4) + (1 / 3) * Math.log(4 / 3) + Math.log(2)) / 2;

describeBackends(["cpu", "onednn"], () => {
  describe("distillationLoss", () => {
    it("is the mean cross-entropy of the softened distributions, times the temperature squared unless told otherwise", () => {
      expectClose(distillationLoss(student(), teacher(), { temperature: 2 }), 4 * CROSS_ENTROPY, { rtol: 1e-6 });
      const options = { temperature: 2, scaleByTemperatureSquared: false };
      expectClose(distillationLoss(student(), teacher(), options), CROSS_ENTROPY, { rtol: 1e-6 });
    });

    it("has the gradient τ (P_S - P_T) / N with respect to the student, and none for the teacher", () => {
      const temperature = 2;
      const gradient = tf.grad((x) => distillationLoss(x as tf.Tensor2D, teacher(), { temperature }))(student());
      const expected = [1 / 4 - 2 / 3, 3 / 4 - 1 / 3, 1 / 2 - 1 / 5, 1 / 2 - 4 / 5];
      expectClose(gradient, expected, { atol: 1e-6 }); // τ / N = 1
      const toTeacher = tf.grad((x) => distillationLoss(student(), x as tf.Tensor2D, { temperature }));
      expect(() => toTeacher(teacher())).toThrow("Cannot compute gradient");
    });

    it("sharpens the teacher alone where it has a temperature of its own", () => {
      // At temperature 1 the teacher's distributions are (4/5, 1/5) and (1/17, 16/17).
      const expected = ((4 / 5) * Math.log(4) + (1 / 5) * Math.log(4 / 3) + Math.log(2)) / 2;
      const options = { temperature: 2, teacherTemperature: 1, scaleByTemperatureSquared: false };
      expectClose(distillationLoss(student(), teacher(), options), expected, { rtol: 1e-6 });
    });

    it("leaves out the rows of which the teacher is not sure enough, and still divides by all", () => {
      // The teacher's largest probabilities at temperature 1 are 0.8 and 16/17 = 0.941.
      const at = (minConfidence: number) =>
        distillationLoss(student(), teacher(), { temperature: 2, scaleByTemperatureSquared: false, minConfidence });
      expectClose(at(0.79), CROSS_ENTROPY, { rtol: 1e-6 });
      expectClose(at(0.81), Math.log(2) / 2, { rtol: 1e-6 });
      expectClose(at(0.95), 0, {});
    });

    it("has zero gradient where the student equals the teacher", () => {
      const gradient = tf.grad((x) => distillationLoss(x as tf.Tensor2D, teacher(), { temperature: 0.1 }))(teacher());
      expectClose(gradient, [0, 0, 0, 0], { atol: 1e-7 });
    });

    it("is finite for logits of ±1e4 at temperature 0.1", () => {
      const x = tf.tensor2d([1e4, -1e4, -1e4, 1e4], [2, 2]);
      const options = { temperature: 0.1, scaleByTemperatureSquared: false };
      const loss = (t: tf.Tensor) => distillationLoss(t as tf.Tensor2D, tf.reverse(x, 1), options);
      const { value, grad } = tf.valueAndGrad(loss)(x);
      expectClose(value, 2e5, { rtol: 1e-6 });
      expectClose(grad, [5, -5, -5, 5], { rtol: 1e-5 }); // (P_S - P_T) / (τ N)
    });

    it("leaves only its result in memory", () => {
      const [s, t] = [student(), teacher()];
      expectNewTensors(1, () => distillationLoss(s, t, { temperature: 1 }));
    });

    it("refuses other classes and a temperature of zero", () => {
      expect(() => distillationLoss(student(), tf.zeros([2, 3]), { temperature: 1 })).toThrow(
        "distillationLoss: `teacherLogits` must have shape [2, 2], like `studentLogits`; received [2, 3]. " +
          "Teacher and student must know the same classes.",
      );
      expect(() => distillationLoss(student(), teacher(), { temperature: 0 })).toThrow(
        "distillationLoss: `temperature` must be a finite number > 0; received 0.",
      );
      expect(() => distillationLoss(student(), teacher(), { temperature: 1, teacherTemperature: -1 })).toThrow(
        "distillationLoss: `teacherTemperature` must be a finite number > 0; received -1.",
      );
      expect(() => distillationLoss(student(), teacher(), { temperature: 1, minConfidence: 2 })).toThrow(
        "distillationLoss: `minConfidence` must be in [0, 1]; received 2.",
      );
    });
  });

  describe("distillationWithLabels", () => {
    const labels = () => tf.oneHot(tf.tensor1d([1, -1], "int32"), 2) as tf.Tensor2D; // the second row is not labelled
    /** -log softmax of the first row, (1/10, 9/10), over the batch of two rows. */
    const LABEL_TERM = Math.log(10 / 9) / 2;

    it("mixes the labels of the labelled rows, not softened, with the teacher on all rows", () => {
      for (const alpha of [0, 0.25, 1]) {
        const loss = distillationWithLabels(student(), teacher(), labels(), { temperature: 2, alpha });
        expectClose(loss, (1 - alpha) * LABEL_TERM + alpha * 4 * CROSS_ENTROPY, { rtol: 1e-6 });
      }
    });

    it("keeps the labels of rows of which the teacher is not sure", () => {
      const options = { temperature: 2, alpha: 0.5, minConfidence: 1 };
      const loss = distillationWithLabels(student(), teacher(), labels(), options);
      expectClose(loss, 0.5 * LABEL_TERM, { rtol: 1e-6 });
    });

    it("ignores what the labels hold in rows that the mask leaves out", () => {
      const garbage = tf.tensor2d([0, 1, 1, 0], [2, 2]);
      const options = { temperature: 2, alpha: 0.5, labelled: tf.tensor1d([1, 0]) };
      const loss = distillationWithLabels(student(), teacher(), garbage, options);
      expectClose(loss, 0.5 * LABEL_TERM + 0.5 * 4 * CROSS_ENTROPY, { rtol: 1e-6 });
    });

    it("has the gradient that central differences give", () => {
      const loss = (x: tf.Tensor2D) => distillationWithLabels(x, teacher(), labels(), { temperature: 2, alpha: 0.4 });
      checkGradient(loss, student(), { step: 1e-2, atol: 3e-4, rtol: 1e-3 }); // float32 of a loss near 2 / (2 * step)
    });

    it("leaves only its result in memory", () => {
      const [s, t, l] = [student(), teacher(), labels()];
      expectNewTensors(1, () => distillationWithLabels(s, t, l, { temperature: 1, alpha: 0.5 }));
    });

    it("refuses an alpha outside [0, 1], class indices and a mask of another length", () => {
      const options = { temperature: 1, alpha: 0.5 };
      expect(() => distillationWithLabels(student(), teacher(), labels(), { ...options, alpha: 1.5 })).toThrow(
        "distillationWithLabels: `alpha` must be in [0, 1]; received 1.5.",
      );
      const indices = tf.zeros([2]) as unknown as tf.Tensor2D;
      expect(() => distillationWithLabels(student(), teacher(), indices, options)).toThrow(
        "distillationWithLabels: `labels` must have shape [2, 2], like `studentLogits`; received [2].",
      );
      const labelled = tf.ones<tf.Rank.R1>([3]);
      expect(() => distillationWithLabels(student(), teacher(), labels(), { ...options, labelled })).toThrow(
        "distillationWithLabels: `labelled` must have shape [2]; received [3]. Give every row a 0 or a 1.",
      );
    });
  });
});
