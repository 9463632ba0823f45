import { Random } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { BatchOrder, type BatchOrderOptions } from "./batch-order.js";

const base: BatchOrderOptions = {
  indices: Int32Array.from({ length: 10 }, (_, i) => 100 + i),
  batchSize: 4,
  shuffle: true,
  dropLast: true,
  repeat: false,
  random: Random.fromSeed(1),
  share: { rank: 0, size: 1 },
};
const row = (order: BatchOrder, epoch: number): number[] =>
  Array.from({ length: order.stepsPerEpoch }, (_, step) => [...order.plan(epoch, step).indices]).flat();

describe("BatchOrder", () => {
  it("goes through the permutation of fork(order, epoch)", () => {
    const expected = [...base.random.fork("order", 7).permutation(10)].map((i) => 100 + i);
    expect(row(new BatchOrder({ ...base, dropLast: false }), 7)).toEqual(expected);
    expect(row(new BatchOrder(base), 7)).toEqual(expected.slice(0, 8));
    expect(row(new BatchOrder({ ...base, shuffle: false, dropLast: false }), 7)).toEqual([...base.indices]);
  });

  it.each([
    { batchSize: 6, repeat: false },
    { batchSize: 12, repeat: true },
  ])("cuts every batch into one part for each rank, %j", (options) => {
    const whole = new BatchOrder({ ...base, ...options });
    for (const size of [2, 3]) {
      const ranks = Array.from(
        { length: size },
        (_, rank) => new BatchOrder({ ...base, ...options, share: { rank, size } }),
      );
      for (let step = 0; step < whole.stepsPerEpoch; step++) {
        const parts = ranks.map((rank) => rank.plan(3, step));
        expect(parts.every(({ indices }) => indices.length === options.batchSize / size)).toBe(true);
        const joined = {
          indices: Int32Array.from(parts.flatMap(({ indices }) => [...indices])),
          passes: Int32Array.from(parts.flatMap(({ passes }) => [...passes])),
        };
        expect(joined).toEqual(whole.plan(3, step));
      }
    }
  });

  it("gives the same batch whatever was asked for before", () => {
    const order = new BatchOrder({ ...base, repeat: true });
    const late = order.plan(5, 2);
    order.plan(0, 0);
    order.plan(9, 1);
    expect(order.plan(5, 2)).toEqual(late);
    expect(new BatchOrder({ ...base, repeat: true }).plan(5, 2)).toEqual(late);
  });

  it("with repeat fills every batch, and cuts them from one permutation after another", () => {
    const order = new BatchOrder({ ...base, batchSize: 13, repeat: true });
    expect(order.stepsPerEpoch).toBe(1);
    const seen = Array.from({ length: 10 }, (_, epoch) => order.plan(epoch, 0));
    const expected = Array.from({ length: 13 }, (_, pass) => [...base.random.fork("order", pass).permutation(10)]);
    expect(seen.flatMap(({ indices }) => [...indices])).toEqual(expected.flat().map((i) => 100 + i));
    expect(seen.flatMap(({ passes }) => [...passes])).toEqual(
      Array.from({ length: 130 }, (_, i) => Math.floor(i / 10)),
    );
  });
});
