import "@simclr/backend-onednn/register";
import { describeBackends, expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { knn, knnGrid } from "./knn.js";
import { nearestNeighbours } from "./nearest-neighbours.js";

/** At 0, 90, 180 and 45 degrees, of different lengths. */
const FEATURES = Float32Array.of(2, 0, 0, 3, -1, 0, 5, 5);

describeBackends(["cpu", "onednn"], () => {
  it("gives the nearest first, by the angle alone, and the first of equals", async () => {
    const before = tf.memory().numTensors;
    const { indices, similarities, k } = await nearestNeighbours({
      queries: Float32Array.of(7, 0, 0, 0),
      features: FEATURES,
      dimension: 2,
      k: 9,
    });
    expect(k).toBe(4);
    expect([...indices]).toEqual([0, 3, 1, 2, 0, 1, 2, 3]);
    expectClose(similarities, [1, Math.SQRT1_2, 0, -1, 0, 0, 0, 0], { atol: 1e-6 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("a grid has the votes of each pair, as knn alone gives them", async () => {
    const data = {
      trainFeatures: FEATURES,
      trainLabels: [0, 1, 1, 1],
      testFeatures: Float32Array.of(4, 1, 0, -1),
      testLabels: [0, 1],
      dimension: 2,
      classCount: 2,
    };
    const grid = await knnGrid({ ...data, k: [1, 3], temperature: [0.1, 1e6] });
    expect(grid.map(({ protocol }) => protocol)).toEqual([
      "knn k=1 tau=0.1",
      "knn k=1 tau=1000000",
      "knn k=3 tau=0.1",
      "knn k=3 tau=1000000",
    ]);
    for (const { k, temperature, scores } of grid)
      expect(scores).toEqual((await knn({ ...data, k, temperature })).scores);
    // Without a preference for the near, the three nearest of (4, 1), at 0, 45 and 90 degrees, vote alike.
    expectClose(grid[3]!.scores.slice(0, 2), [1 / 3, 2 / 3], { atol: 1e-5 });
    await expect(knnGrid({ ...data, k: [] })).rejects.toThrow("knnGrid: `the length of k`");
    await expect(knnGrid({ ...data, k: [0] })).rejects.toThrow("knnGrid: `k[0]`");
  });
});
