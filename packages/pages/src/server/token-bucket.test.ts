import { expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.js";

it("lets a burst pass, then so many a second, and never more than the burst", () => {
  let nowMs = 0;
  const bucket = new TokenBucket(2, 3, () => nowMs);
  const taken = (tries: number) => Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;
  expect(taken(10)).toBe(3);
  nowMs += 1000;
  expect(taken(10)).toBe(2);
  nowMs += 250;
  expect(taken(1)).toBe(0);
  nowMs += 250;
  expect(taken(1)).toBe(1);
  nowMs += 3_600_000;
  expect(taken(10)).toBe(3);
});
