import { Random } from "@simclr/core";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { dropBlock } from "./drop-block.js";
import { resNet } from "./res-net.js";

const random = Random.fromSeed(8);

describe("dropBlock", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("drops about the share that it is told to, and keeps the mean", () => {
    const x = tf.ones<tf.Rank.R4>([8, 16, 16, 8]);
    const y = dropBlock(x, 0.8, 1, random);
    const values = y.dataSync();
    const kept = values.filter((value) => value > 0).length / values.length;
    expect(Math.abs(kept - 0.8)).toBeLessThan(0.012); // 16,384 draws: four standard errors
    expectClose(tf.mean(y), 1, { atol: 1e-5 });
    expectClose(tf.max(y), 1 / kept, { rtol: 1e-5 });
  });

  it("drops whole squares that lie inside the map", () => {
    const y = dropBlock(tf.ones([4, 7, 7, 16]), 0.9, 3, random);
    const maps = tf.reshape(tf.transpose(y, [0, 3, 1, 2]), [64, 7, 7]).arraySync() as number[][][];
    let dropped = 0;
    for (const map of maps) {
      const isSquare = (top: number, left: number): boolean =>
        top >= 0 &&
        left >= 0 &&
        top <= 4 &&
        left <= 4 &&
        [0, 1, 2].every((i) => [0, 1, 2].every((j) => map[top + i]![left + j] === 0));
      for (let row = 0; row < 7; row++)
        for (let column = 0; column < 7; column++) {
          if (map[row]![column] !== 0) continue;
          dropped++;
          const corners = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => isSquare(row - i, column - j)));
          expect(corners, `a dropped place belongs to a dropped square`).toContain(true);
        }
    }
    expect(dropped).toBeGreaterThan(64); // 0.1 of 3,136 places, less overlaps
  });

  it("drops all of a channel or nothing when a square is as large as the map", () => {
    const y = dropBlock(tf.ones([4, 3, 3, 16]), 0.5, 9, random);
    const sums = tf.sum(tf.step(y), [1, 2]).dataSync();
    expect(new Set(sums)).toEqual(new Set([0, 9]));
  });

  it("changes nothing at probability 1 or in inference, and needs draws in training", () => {
    const x = tf.randomUniform<tf.Rank.R4>([2, 8, 8, 3], 0, 1, "float32", 1);
    expectClose(dropBlock(x, 1, 3, random), x, { atol: 0 });
    const options = { depth: 50, widthMultiplier: 1 / 32, stem: "cifar", random } as const;
    const plain = resNet(options);
    const dropping = resNet({ ...options, dropBlock: { keepProbabilities: [1, 1, 0.5, 0.5], size: 2 } });
    const inference = { training: false };
    expectClose(dropping.forward(x, inference).pooled, plain.forward(x, inference).pooled, { atol: 0 });
    expect(() => dropping.forward(x, { training: true })).toThrow(
      "encoder/group3/block0: a training pass with DropBlock needs `random` to draw from; received none.",
    );
    const pass = (step: number) => dropping.forward(x, { training: true, random: random.fork(step) }).pooled;
    expectClose(pass(1), pass(1), { atol: 0 });
    expect(tf.max(tf.abs(tf.sub(pass(1), pass(2)))).dataSync()[0]).toBeGreaterThan(0);
  });

  it("is refused with basic blocks and with impossible settings", () => {
    const settings = { keepProbabilities: [1, 1, 0.9, 0.9], size: 7 } as const;
    expect(() => resNet({ depth: 18, dropBlock: settings, random })).toThrow(
      "resNet: `depth` must be 50, 101, 152, 200 with DropBlock; received 18. It drops between the layers of a bottleneck, and ResNet-18 has basic blocks. Take a deeper network, or leave DropBlock out.",
    );
    expect(() => resNet({ depth: 50, dropBlock: { ...settings, size: 0 }, random })).toThrow(
      "resNet: `size` must be an integer >= 1; received 0.",
    );
  });
});
