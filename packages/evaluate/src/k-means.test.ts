import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { kMeans } from "./k-means.js";
import { suggestLabels } from "./suggest-labels.js";

/** Three clouds of 30, 20 and 10 rows around (9, 0, 0), (0, 9, 0) and (0, 0, 9). */
const SIZES = [30, 20, 10];
const CLOUD = SIZES.flatMap((size, cloud) => Array<number>(size).fill(cloud));
const noise = Random.fromSeed(4);
const features = Float32Array.from(
  { length: 3 * CLOUD.length },
  (_, i) => (CLOUD[Math.floor(i / 3)] === i % 3 ? 9 : 0) + 0.3 * noise.normal(),
);
const random = Random.fromSeed(0);

describeBackends(["cpu", "onednn"], () => {
  it("finds clouds that lie apart, with their means for centres", async () => {
    const before = tf.memory().numTensors;
    const { clusters, centres, inertia } = await kMeans({ features, dimension: 3, k: 3, random });
    expect(tf.memory().numTensors).toBe(before);
    const names = SIZES.map((_, cloud) => clusters[CLOUD.indexOf(cloud)]!);
    expect(new Set(names).size).toBe(3);
    expect([...clusters]).toEqual(CLOUD.map((cloud) => names[cloud]));
    let expected = 0;
    for (const [cloud, size] of SIZES.entries())
      for (let d = 0; d < 3; d++) {
        const values = CLOUD.flatMap((own, row) => (own === cloud ? [features[3 * row + d]!] : []));
        const mean = values.reduce((sum, value) => sum + value / size, 0);
        expect(centres[3 * names[cloud]! + d]).toBeCloseTo(mean, 5);
        expected += values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      }
    expect(inertia).toBeCloseTo(expected, 3);
  });

  it("gives every row its own cluster where there are as many, and equal rows too", async () => {
    const own = await kMeans({ features: Float32Array.of(1, 2, 3, 4), dimension: 1, k: 4, random });
    expect(new Set(own.clusters).size).toBe(4);
    expect(own.inertia).toBe(0);
    const equal = await kMeans({ features: new Float32Array(6), dimension: 2, k: 3, random });
    expect(new Set(equal.clusters).size).toBe(3);
    await expect(kMeans({ features, dimension: 3, k: 61, random })).rejects.toThrow("`k` must be at most 60, the rows");
  });

  it("suggests one typical image of each kind, the largest kind first, and none twice", async () => {
    const first = await suggestLabels({ features, dimension: 3, count: 3, random });
    expect([...first].map((row) => CLOUD[row])).toEqual([0, 1, 2]);
    // Typical: on the unit sphere nearer to the middle of its cloud than most.
    for (const [cloud, row] of first.entries()) {
      const angle = (r: number) => features[3 * r + cloud]! / Math.hypot(...features.subarray(3 * r, 3 * r + 3));
      const rows = CLOUD.flatMap((own, r) => (own === cloud ? [r] : []));
      const nearer = rows.filter((r) => angle(r) > angle(row)).length;
      expect(nearer).toBeLessThan(rows.length / 2);
    }
    const more = await suggestLabels({ features, dimension: 3, count: 57, labelled: first, random });
    expect(new Set([...first, ...more]).size).toBe(60);
    const rest = await suggestLabels({ features, dimension: 3, count: 1, labelled: [first[0]!, first[1]!], random });
    expect(CLOUD[rest[0]!]).toBe(2);
    await expect(suggestLabels({ features, dimension: 3, count: 58, labelled: first, random })).rejects.toThrow(
      "`count` and the 3 labelled images must be at most 60 images together; received a count of 58.",
    );
    await expect(suggestLabels({ features, dimension: 3, count: 1, labelled: [60], random })).rejects.toThrow(
      "`labelled` must hold rows of the 60 features; received 60.",
    );
  });
});
