import { Random, singleProcess } from "@simclr/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { StepReport, TrainerHook, TrainingRun } from "./hooks.js";
import { type ProgressHookOptions, progressHook } from "./progress-hook.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** Feeds a hook the steps of a run, each taking `stepMs`, and gives what it wrote. */
async function watch(
  options: Omit<ProgressHookOptions, "write">,
  {
    steps,
    stepMs,
    startStep = 0,
    report = {},
    totalSteps = 1000,
  }: { steps: number; stepMs: number; startStep?: number; report?: Partial<StepReport>; totalSteps?: number },
): Promise<{ texts: string[]; hook: TrainerHook; runAt: (step: number) => TrainingRun }> {
  const texts: string[] = [];
  const hook = progressHook({ write: (text) => texts.push(text), ...options });
  const runAt = (step: number) =>
    ({
      task: { name: "simclr", weights: [], state: [] },
      random: Random.fromSeed(0),
      communicator: singleProcess(),
      totalSteps,
      stepsPerEpoch: 10,
      startStep,
      step,
    }) as unknown as TrainingRun;
  await hook.trainStart?.(runAt(startStep));
  for (let step = startStep; step < startStep + steps; step++) {
    vi.advanceTimersByTime(stepMs);
    const metrics = { contrastAccuracy: 0.4312 };
    const base = {
      step,
      epoch: Math.floor(step / 10),
      loss: 4.81234,
      metrics,
      learningRate: 1,
      imagesPerSecond: 512.4,
      dataWaitMs: 5,
      stepMs: 95,
      batchSize: 64,
    };
    await hook.stepEnd?.(runAt(step + 1), { ...base, ...report });
  }
  return { texts, hook, runAt };
}

it("writes a plain line at the first step, then every so many seconds, and at the last step", async () => {
  const { texts } = await watch({ everySeconds: 10 }, { steps: 25, stepMs: 1000, totalSteps: 25 });
  expect(texts.map((text) => text.split("  ")[0])).toEqual([
    "simclr 1/25",
    "simclr 11/25",
    "simclr 21/25",
    "simclr 25/25",
  ]);
  expect(texts[1]).toBe("simclr 11/25  epoch 2  loss 4.812  contrast 43.1%  512 images/s  data 5.0%  14s left\n");
});

it("rewrites one line in a terminal, at most four times a second, and never longer than the terminal", async () => {
  const options = { isTerminal: true, columns: () => 40 };
  const { texts } = await watch(options, { steps: 10, stepMs: 100, totalSteps: 10 });
  expect(texts.map((text) => text.replace("\r\u001b[2K", ""))).toEqual([
    "simclr 1/10  epoch 1  loss 4.812  contr",
    "simclr 4/10  epoch 1  loss 4.812  contr",
    "simclr 7/10  epoch 1  loss 4.812  contr",
    "simclr 10/10  epoch 1  loss 4.812  cont\n",
  ]);
  for (const text of texts) expect(text.startsWith("\r\u001b[2K")).toBe(true);
});

it("tells the remaining time in seconds, minutes and hours, from the steps of this run", async () => {
  const timeLeft = async (stepMs: number, startStep = 0) =>
    (await watch({ everySeconds: 1e-3 }, { steps: 2, stepMs, startStep })).texts.at(-1)?.match(/(\S+) left/)?.[1];
  expect(await timeLeft(50)).toBe("50s"); // 998 steps of 50 ms: 49.9 s
  expect(await timeLeft(200)).toBe("3m20s"); // 199.6 s
  expect(await timeLeft(7500)).toBe("2h04m"); // 7485 s = 2 h 4 min 45 s
  expect(await timeLeft(1000, 900)).toBe("1m38s"); // 98 steps of 1 s
});

it("shows what guessing gives beside a metric", async () => {
  const { texts } = await watch({ chance: { contrastAccuracy: 1 / 64, other: 1 } }, { steps: 1, stepMs: 10 });
  expect(texts[0]).toContain("loss 4.812  contrast 43.1% (chance 1.6%)  512 images/s");
});

it("leaves out what a step does not have", async () => {
  const { texts } = await watch({}, { steps: 1, stepMs: 10, report: { metrics: {}, imagesPerSecond: 3.21 } });
  expect(texts[0]).toContain("loss 4.812  3.2 images/s");
  const unknown = await watch({}, { steps: 1, stepMs: 10, report: { metrics: {}, imagesPerSecond: 0 } });
  expect(unknown.texts[0]).toContain("loss 4.812  data 5.0%");
});

it("says where a run was resumed and where it was stopped", async () => {
  const { texts, hook, runAt } = await watch({ everySeconds: 1000 }, { steps: 1, stepMs: 10, startStep: 40 });
  await hook.interrupted?.(runAt(41), { step: 41, reason: "received SIGINT" });
  expect(texts[0]).toBe("simclr: resumed after step 40 of 1000\n");
  expect(texts.at(-1)).toBe("simclr: stopped after step 41 of 1000 (received SIGINT)\n");
});
