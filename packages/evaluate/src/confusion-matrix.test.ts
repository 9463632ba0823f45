import { describe, expect, it } from "vitest";
import { confusionMatrix, perClassAccuracy } from "./confusion-matrix.js";

const LABELS = [0, 0, 0, 1, 1, 3];
const PREDICTED = [0, 1, 0, 1, 0, 3];

describe("confusionMatrix", () => {
  it("has a row for each true class and a column for each predicted one", () => {
    expect([...confusionMatrix(PREDICTED, LABELS, 4)]).toEqual([2, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it("refuses what is no class", () => {
    expect(() => confusionMatrix([0, 4], [0, 1], 4)).toThrow(
      "confusionMatrix: `predicted[1]` must be an integer in [0, 3]; received 4. Labels are class indices below " +
        "`classCount`, which is 4.",
    );
    expect(() => confusionMatrix([0, 1], [0, -1], 4)).toThrow("`labels[1]` must be an integer in [0, 3]; received -1.");
    expect(() => confusionMatrix([0], [0, 1], 4)).toThrow("`predicted` must have 2 entries");
  });
});

describe("perClassAccuracy", () => {
  it("is the diagonal over the row sums, and undefined for a class without examples", () => {
    expect(perClassAccuracy(PREDICTED, LABELS, 4)).toEqual([2 / 3, 1 / 2, undefined, 1]);
  });
});
