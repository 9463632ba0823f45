import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, it } from "vitest";
import { compareWithCpu, normal } from "../testing.js";

describe("SpaceToBatchND and BatchToSpaceND", () => {
  it("are those of cpu, with padding, cropping and blocks that are not square", async () => {
    const paddings = [
      [1, 2],
      [0, 3],
    ];
    await compareWithCpu(
      () => [normal([3, 9, 11, 5], 1)],
      ([x]) => {
        const y = tf.spaceToBatchND(x!, [3, 2], paddings);
        return [y, tf.batchToSpaceND(y, [3, 2], paddings)];
      },
      0,
    );
  });

  it("carry dilated pooling", async () => {
    await compareWithCpu(
      () => [normal([2, 12, 15, 7], 2)],
      ([x]) => [tf.pool(x as tf.Tensor4D, 3, "max", "same", 2, 1), tf.pool(x as tf.Tensor4D, 2, "avg", "valid", 3, 1)],
      1e-6,
    );
  });
});
