import { describe, expect, it } from "vitest";
import { constant, trainSteps, warmupConstant, warmupCosine, warmupLinear } from "./schedule.js";

const CIFAR = { learningRate: 1, batchSize: 512, sampleCount: 50_000, epochs: 1000, warmupEpochs: 10 } as const;

describe("warmupCosine", () => {
  it("has the reference's learning rates for the CIFAR recipe", () => {
    const schedule = warmupCosine(CIFAR);
    expect([schedule.warmupSteps, schedule.totalSteps, schedule.peakLearningRate]).toEqual([976, 97_657, 2]);
    const golden: [number, number][] = [
      [0, 0],
      [1, 0.002049],
      [488, 1],
      [976, 2],
      [977, 2],
      [5000, 1.991463],
      [50_000, 0.977792],
      [97_656, 0],
    ];
    for (const [step, expected] of golden) expect(schedule.learningRateAt(step)).toBeCloseTo(expected, 6);
  });

  it("scales the rate with the batch: 0.3 linear is 0.075 sqrt is 4.8 at 4096", () => {
    const peak = (learningRate: number, scaling: "linear" | "sqrt" | "none") =>
      warmupCosine({ ...CIFAR, learningRate, scaling, batchSize: 4096 }).peakLearningRate;
    expect(peak(0.3, "linear")).toBeCloseTo(4.8, 12);
    expect(peak(0.075, "sqrt")).toBeCloseTo(4.8, 12);
    expect(peak(4.8, "none")).toBe(4.8);
  });

  it("starts at its peak without warm-up, only falls, and stays 0 after the end", () => {
    const schedule = warmupCosine({ learningRate: 0.1, batchSize: 256, sampleCount: 1000, epochs: 5 });
    const rates = Array.from({ length: schedule.totalSteps + 3 }, (_, step) => schedule.learningRateAt(step));
    expect(rates[0]).toBe(0.1);
    for (let i = 1; i < schedule.totalSteps; i++) expect(rates[i]).toBeLessThan(rates[i - 1]!);
    expect(rates.slice(schedule.totalSteps)).toEqual([0, 0, 0]);
  });

  it("can be all warm-up", () => {
    const schedule = warmupCosine({ ...CIFAR, warmupEpochs: 1000 });
    expect(schedule.learningRateAt(schedule.totalSteps - 1)).toBe(2);
  });

  it("refuses a warm-up longer than the run and steps that are not whole", () => {
    expect(() => warmupCosine({ ...CIFAR, warmupEpochs: 1001 })).toThrow(
      "warmupCosine: `warmupEpochs` must be in [0, 1000]; received 1001. The warm-up is part of the epochs.",
    );
    expect(() => warmupCosine(CIFAR).learningRateAt(0.5)).toThrow("`step` must be an integer >= 0; received 0.5.");
    expect(() => warmupCosine({ ...CIFAR, batchSize: 0 })).toThrow("`batchSize` must be an integer >= 1; received 0.");
  });
});

describe("warmupLinear and warmupConstant", () => {
  it("warm up as the cosine does, and then fall in a straight line or stay", () => {
    const [cosine, linear, flat] = [warmupCosine(CIFAR), warmupLinear(CIFAR), warmupConstant(CIFAR)];
    for (const schedule of [linear, flat]) {
      expect([schedule.warmupSteps, schedule.totalSteps, schedule.peakLearningRate]).toEqual([976, 97_657, 2]);
      for (const step of [0, 1, 488, 976]) expect(schedule.learningRateAt(step)).toBe(cosine.learningRateAt(step));
    }
    const middle = 976 + (97_657 - 976 + 1) / 2;
    expect(linear.learningRateAt(middle)).toBeCloseTo(1, 4);
    expect(linear.learningRateAt(97_657)).toBe(0);
    expect(flat.learningRateAt(97_656)).toBe(2);
  });
});

describe("trainSteps", () => {
  it("counts the steps that the released checkpoints carry in their names", () => {
    expect(trainSteps(12_811, 60, 1024)).toBe(751);
    expect(trainSteps(128_116, 30, 1024)).toBe(3754);
    expect(trainSteps(1_281_167, 30, 1024)).toBe(37_535);
    expect(trainSteps(1_281_167, 90, 4096)).toBe(28_151);
    expect(trainSteps(1_281_167, 800, 4096)).toBe(250_228);
  });
});

describe("constant", () => {
  it("is the same at every step", () => {
    const schedule = constant(0.1, 10);
    expect([schedule.totalSteps, schedule.learningRateAt(0), schedule.learningRateAt(9)]).toEqual([10, 0.1, 0.1]);
  });
});
