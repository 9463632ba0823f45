import { expectClose } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { standardize } from "./standardize.js";

describe("standardize", () => {
  it("uses the mean and deviation of the training rows for both", () => {
    const { train, test } = standardize(new Float32Array([1, 10, 3, 30]), new Float32Array([4, 0]), 2);
    expectClose(train, [-1, -1, 1, 1], { atol: 1e-6 });
    expectClose(test, [2, -2], { atol: 1e-6 });
  });

  it("makes a column that is constant in training 0, however far the test rows are from it", () => {
    const { train, test } = standardize(new Float32Array([0.1, 0.1, 0.1]), new Float32Array([7]), 1);
    expect([...train, ...test]).toEqual([0, 0, 0, 0]);
  });
});
