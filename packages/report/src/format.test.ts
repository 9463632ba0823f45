import { describe, expect, it } from "vitest";
import { formatNumber, formatPoints, formatShort, formatTime, shorten } from "./format.js";

describe("formatNumber", () => {
  it.each([
    [0, "0"],
    [5000, "5,000"],
    [6.23441, "6.234"],
    [-0.5, "−0.5"],
    [12345.6, "12,346"],
    [0.00001234, "1.23e−5"],
    [3e15, "3.00e+15"],
  ])("writes %d as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe("formatShort", () => {
  it.each([
    [99_999, "99,999"],
    [1_250_000, "1.25M"],
    [-123_456.7, "−123K"],
    [-2.5e-7, "−2.5e−7"],
    [0, "0"],
    [1e20, "1.0e20"],
  ])("writes %d as %s", (value, text) => {
    expect(formatShort(value)).toBe(text);
  });
});

it("gives differences their sign, and none to what rounds to zero", () => {
  expect([0.2314, -0.0041, -0.0001, 0].map(formatPoints)).toEqual(["+23.1", "−0.4", "0.0", "0.0"]);
});

it("shows times in UTC, wherever it runs", () => {
  expect(formatTime("2025-03-01T23:05:33+09:00")).toBe("2025-03-01 14:05 UTC");
});

it("shortens by characters, not by halves of them", () => {
  expect(shorten("🦊🦊🦊🦊", 3)).toBe("🦊🦊…");
  expect(shorten("four", 4)).toBe("four");
});
