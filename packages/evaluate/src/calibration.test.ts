import { describe, expect, it } from "vitest";
import { expectedCalibrationError } from "./calibration.js";

describe("expectedCalibrationError", () => {
  it("is the mean gap between accuracy and confidence over the bins", () => {
    // Bins of width 0.5. (0, .5]: one example, confidence .5, right: gap .5.
    // (.5, 1]: confidences .75, .75, .875, two of three right: gap |2 - 2.375| = .375.
    const probabilities = new Float32Array([0.5, 0.5, 0.75, 0.25, 0.25, 0.75, 0.875, 0.125]);
    const labels = [0, 0, 1, 1];
    expect(expectedCalibrationError({ probabilities, labels, classCount: 2, bins: 2 })).toBeCloseTo(0.875 / 4, 12);
  });

  it("is 0 for a classifier that is always sure and right, and 1 for one that is always sure and wrong", () => {
    const probabilities = new Float32Array([1, 0, 0, 1]);
    expect(expectedCalibrationError({ probabilities, labels: [0, 1], classCount: 2 })).toBe(0);
    expect(expectedCalibrationError({ probabilities, labels: [1, 0], classCount: 2 })).toBe(1);
  });

  it("lets gaps of one bin cancel, as its definition does, but not those of two", () => {
    const probabilities = new Float32Array([0.75, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.25]);
    expect(expectedCalibrationError({ probabilities, labels: [0, 0, 0, 1], classCount: 2 })).toBe(0);
  });

  it("refuses logits and unlabelled rows", () => {
    const logits = new Float32Array([2, -1]);
    expect(() => expectedCalibrationError({ probabilities: logits, labels: [0], classCount: 2 })).toThrow(
      "expectedCalibrationError: row 0 of `probabilities` must be >= 0 and sum to 1; received a least entry of -1 " +
        "and a sum of 1. Pass a softmax, not logits.",
    );
    const probabilities = new Float32Array([0.5, 0.5]);
    expect(() => expectedCalibrationError({ probabilities, labels: [-1], classCount: 2 })).toThrow(
      "-1 marks an unlabelled",
    );
  });
});
