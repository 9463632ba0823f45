import { Random } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { meetingRanks } from "./meeting-ranks.js";

const onAll = <T>(size: number, f: (communicator: ReturnType<typeof meetingRanks>[number]) => Promise<T>) =>
  Promise.all(meetingRanks(size).map(f));

describe("meetingRanks", () => {
  it("reduces, gathers, scatters and broadcasts", async () => {
    const results = await onAll(3, async (communicator) => {
      const { rank } = communicator;
      const values = () => Float32Array.of(rank, 10 * rank, 5);
      const [sum, mean, max, sent] = [values(), values(), values(), values()];
      await communicator.allReduce(sum, "sum");
      await communicator.allReduce(mean, "mean");
      await communicator.allReduce(max, "max");
      await communicator.broadcast(sent, 2);
      await communicator.barrier();
      return {
        ...{ sum, mean, max, sent },
        gathered: await communicator.allGather(Float32Array.of(rank, -rank)),
        part: await communicator.reduceScatter(values(), "sum"),
      };
    });
    for (const [rank, { sum, mean, max, sent, gathered, part }] of results.entries()) {
      expect([...sum]).toEqual([3, 30, 15]);
      expect([...mean]).toEqual([1, 10, 5]);
      expect([...max]).toEqual([2, 20, 5]);
      expect([...sent]).toEqual([2, 20, 5]);
      expect([...gathered]).toEqual([0, -0, 1, -1, 2, -2]);
      expect([...part]).toEqual([[3, 30, 15][rank]]);
    }
  });

  it("has allGather and reduceScatter as adjoints: <gather(x), y> = <x, scatter(y)>, summed over ranks", async () => {
    const random = Random.fromSeed(4);
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const products = await onAll(4, async (communicator) => {
      const own = random.fork(communicator.rank);
      const x = Float32Array.from({ length: 5 }, () => own.normal());
      const y = Float32Array.from({ length: 20 }, () => own.normal());
      const left = dot(await communicator.allGather(x), y);
      return { left, right: dot(x, await communicator.reduceScatter(y, "sum")) };
    });
    const total = (side: "left" | "right") => products.reduce((sum, each) => sum + each[side], 0);
    expect(total("left")).toBeCloseTo(total("right"), 4);
  });

  it("fails on all ranks where they make different calls, or with other lengths", async () => {
    const different = await Promise.allSettled(
      meetingRanks(2).map((each) => (each.rank === 0 ? each.barrier() : each.allReduce(new Float32Array(2), "sum"))),
    );
    for (const { status, reason } of different as PromiseRejectedResult[]) {
      expect(status).toBe("rejected");
      expect(reason.message).toBe("ranks make different calls: barrier of 0 values, allReduce sum of 2 values");
    }
    const lengths = meetingRanks(2).map((each) => each.allGather(new Float32Array(1 + each.rank)));
    await expect(Promise.all(lengths)).rejects.toThrow("allGather of 1 values, allGather of 2 values");
  });

  it("lets a waiting rank go when another aborts", async () => {
    const [first, second] = meetingRanks(2);
    const waiting = first!.barrier();
    await expect(second!.abort("no more data")).rejects.toThrow("no more data");
    await expect(waiting).rejects.toThrow("another rank aborted: no more data");
  });
});
