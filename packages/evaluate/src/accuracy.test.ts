import { describe, expect, it } from "vitest";
import { accuracy, predictions, topK } from "./accuracy.js";

const SCORES = new Float32Array([0.1, 0.7, 0.2, 0.5, 0.3, 0.2, 0.2, 0.2, 0.6]);

describe("predictions", () => {
  it("picks the highest score of each row, and the lowest class of equal ones", () => {
    expect([...predictions(SCORES, 3)]).toEqual([1, 0, 2]);
    expect([...predictions(new Float32Array([1, 1, 0, 0, 2, 2]), 3)]).toEqual([0, 1]);
  });

  it("refuses scores that are not finite or do not fill their rows", () => {
    expect(() => predictions(new Float32Array([0, 1, Number.NaN, 0]), 2)).toThrow(
      "predictions: `scores` must be finite; received NaN in row 1. The model that made it has diverged.",
    );
    expect(() => predictions(new Float32Array(4), 3)).toThrow(
      "predictions: `scores` must hold one or more rows of 3 numbers; received 4 numbers.",
    );
  });
});

describe("accuracy", () => {
  it("is the fraction of equal entries", () => {
    expect(accuracy([1, 2, 0, 2], [1, 2, 1, 2])).toBe(0.75);
  });

  it("refuses unlabelled rows, no rows, and other lengths", () => {
    expect(() => accuracy([0, 1], [0, -1])).toThrow(
      "received -1. -1 marks an unlabelled image, which can neither be right nor wrong; leave such rows out.",
    );
    expect(() => accuracy([], [])).toThrow("accuracy: `predicted` must hold one or more rows of 1 numbers; received 0");
    expect(() => accuracy([0, 1], [0])).toThrow(
      "accuracy: `labels` must have 2 entries, one for each row; received 1.",
    );
  });
});

describe("topK", () => {
  it("counts a label among the k highest scores", () => {
    const at = (k: number) => topK({ scores: SCORES, labels: [2, 1, 2], classCount: 3, k });
    expect([at(1), at(2), at(3), at(9)]).toEqual([1 / 3, 1, 1, 1]);
  });

  it("is the accuracy for k = 1, ties included", () => {
    const scores = new Float32Array([1, 1, 0, 3, 3, 3, 0, 2, 2]);
    for (const labels of [
      [0, 0, 1],
      [1, 1, 2],
      [2, 2, 0],
    ]) {
      expect(topK({ scores, labels, classCount: 3, k: 1 })).toBe(accuracy(predictions(scores, 3), labels));
    }
  });
});
