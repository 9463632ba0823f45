import { describe, expect, it } from "vitest";
import { balanceWords, classBalance } from "./class-balance.js";
import { defineDataset } from "./define-dataset.js";

const toy = (labels: readonly number[], classNames = ["ant", "bee", "cow"]) =>
  defineDataset({
    name: "toy",
    size: labels.length,
    labels,
    classNames,
    read: () => ({ data: Uint8Array.of(0), height: 1, width: 1, channels: 1 }),
  });

describe("classBalance", () => {
  it("names the smallest and the largest class, and what has no image at all", () => {
    const balance = classBalance(toy([0, 0, 0, 0, 0, 2, 2, -1]));
    expect(balance).toEqual({
      labelled: 7,
      unlabelled: 1,
      smallest: { name: "cow", count: 2 },
      largest: { name: "ant", count: 5 },
      ratio: 2.5,
      empty: ["bee"],
    });
    expect(balanceWords(balance)).toBe(
      '7 labelled (2 "cow" to 5 "ant", 2.5 to 1), 1 unlabelled, no image of class "bee"',
    );
  });

  it("is 1 to 1 where all are alike, or nothing is labelled", () => {
    expect(balanceWords(classBalance(toy([0, 1, 2])))).toBe("3 labelled (1 of each class)");
    const none = classBalance(toy([-1, -1], []));
    expect([none.ratio, balanceWords(none)]).toEqual([1, "2 unlabelled"]);
  });
});
