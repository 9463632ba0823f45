import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { convolutionPadding } from "./convolution.js";

describe("convolutionPadding", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("pads size - 1 in all, the smaller half first, whatever the input", () => {
    expect(convolutionPadding(3, 1)).toBe("same");
    expect(convolutionPadding(1, 2)).toBe("valid");
    expect(convolutionPadding(3, 2)).toEqual([
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    expect(convolutionPadding(7, 2)).toEqual([
      [0, 0],
      [3, 3],
      [3, 3],
      [0, 0],
    ]);
    expect(convolutionPadding(4, 2)).toEqual([
      [0, 0],
      [1, 2],
      [1, 2],
      [0, 0],
    ]);
  });

  it("puts the grid of a 3x3 convolution of stride 2 on rows 0, 2, … of an even input, not on rows 1, 3, …", () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 4, 1, 1]);
    const centre = tf.tensor4d([0, 0, 0, 0, 1, 0, 0, 0, 0], [3, 3, 1, 1]);
    expectClose(tf.conv2d(x, centre, 2, convolutionPadding(3, 2)), [1, 3], { atol: 0 });
    expectClose(tf.conv2d(x, centre, 2, "same"), [2, 4], { atol: 0 });
  });

  it("puts the windows of the stem's max-pooling one pixel after PyTorch's", () => {
    const x = tf.tensor4d([4, 3, 2, 1], [1, 4, 1, 1]);
    expectClose(tf.maxPool(x, 3, 2, "same"), [4, 2], { atol: 0 }); // PyTorch: max(0, 4, 3), max(3, 2, 1) = 4, 3
  });
});
