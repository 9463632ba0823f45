import { expectClose } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { softLabels } from "./soft-labels.js";

describe("softLabels", () => {
  it("gives 1 to the class and 0 to the others, in float32", () => {
    const labels = softLabels(Int32Array.of(2, 0), 3);
    expect([labels.shape, labels.dtype]).toEqual([[2, 3], "float32"]);
    expectClose(labels, [0, 0, 1, 1, 0, 0], {});
  });

  it("says which image has no class", () => {
    expect(() => softLabels([0, -1], 3)).toThrow(
      "softLabels: `classes` must be whole numbers in [0, 2]; received -1 for image 1. Take unlabelled images out of the batch.",
    );
    expect(() => softLabels([3], 3)).toThrow("received 3 for image 0.");
  });
});
