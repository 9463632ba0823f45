import { describe, expect, it } from "vitest";
import { expandBraces, isPattern } from "./path-pattern.js";

describe("expandBraces", () => {
  it.each([
    ["train-{0..4}.tar", ["train-0.tar", "train-1.tar", "train-2.tar", "train-3.tar", "train-4.tar"]],
    ["s-{008..010}", ["s-008", "s-009", "s-010"]],
    ["{a,b}{1,2}", ["a1", "a2", "b1", "b2"]],
    ["plain", ["plain"]],
    ["{odd}-{1..2}", ["{odd}-1", "{odd}-2"]],
  ])("expands %s as a shell does", (pattern, expected) => {
    expect(expandBraces(pattern)).toEqual(expected);
  });

  it("refuses a pattern that gives too many names", () => {
    expect(() => expandBraces("{0..999}{0..999}")).toThrow("gives 1000000 names, more than 100000");
  });
});

it("tells patterns from names", () => {
  expect(["a.tar", "a{b}.tar", "a*.tar", "a{0..1}.tar", "a{b,c}.tar", "a?"].map(isPattern)).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});
