import { describe, expect, it } from "vitest";
import type { AccuracyRow } from "./report-data.js";
import { describeResult, keyResult, phraseLabels } from "./summary.js";

const row = (method: string, labels: string, top1: number, isBaseline = false): AccuracyRow => ({
  ...{ method, labels, top1, isBaseline, testCount: 100, protocol: "" },
});
const answer = (...rows: AccuracyRow[]) => describeResult(keyResult(rows)!);

describe("keyResult", () => {
  it("compares within the first labels that have a baseline, though others score higher", () => {
    const rows = [row("kNN", "all", 0.99), row("scratch", "10", 0.4, true), row("tuned", "10", 0.7)];
    expect(answer(...rows)).toBe("Tuned reaches 70.0 % top-1 with 10 labels, 30.0 points above scratch (40.0 %).");
  });

  it("does not hide a method that loses to its baseline, or only meets it", () => {
    const scratch = row("scratch", "10", 0.4, true);
    expect(answer(scratch, row("tuned", "10", 0.35))).toBe(
      "Tuned reaches 35.0 % top-1 with 10 labels, 5.0 points below scratch (40.0 %).",
    );
    expect(answer(scratch, row("tuned", "10", 0.4))).toBe(
      "Tuned reaches 40.0 % top-1 with 10 labels, the same as scratch.",
    );
  });

  it("takes the best row where there is no baseline", () => {
    expect(answer(row("kNN", "all", 0.5), row("probe", "all", 0.6))).toBe(
      "Probe reaches 60.0 % top-1 with all labels.",
    );
    expect(keyResult([])).toBeUndefined();
  });
});

describe("phraseLabels", () => {
  it.each([
    ["100 (10 a class)", "100 labels (10 a class)"],
    ["all", "all labels"],
    ["1 % of the labels", "1 % of the labels"],
    ["(none)", "labels: (none)"],
  ])("reads %s as part of a sentence", (labels, phrase) => {
    expect(phraseLabels(labels)).toBe(phrase);
  });
});
