import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { checkHook } from "./check-hook.js";
import { defineHook } from "./hooks.js";

const folder = "."; // none of these writes a file

/** Halves the rate after each epoch that was no better, and says by how much it has. */
const sound = defineHook({
  name: "sound",
  options: { factor: 0.5 },
  create: ({ factor }) => {
    let scale = 1;
    let best = Number.MAX_VALUE;
    return {
      stepStart(_run, start) {
        start.learningRate *= scale;
      },
      stepEnd(_run, { metrics }) {
        metrics.scale = scale;
      },
      epochEnd(_run, { meanLoss }) {
        if (meanLoss >= best) scale *= factor;
        best = Math.min(best, meanLoss);
      },
      capture: () => ({ values: { scale, best } }),
      restore({ values }) {
        ({ scale, best } = values as { scale: number; best: number });
      },
    };
  },
});

const faulty = (create: () => object) => defineHook({ name: "faulty", options: {}, create });

describe("checkHook", () => {
  it("finds nothing wrong with a sound hook, whose rates depend on the epoch", async () => {
    const tested = await checkHook(sound, { folder, losses: [4, 4, 4, 4], options: { factor: 0.1 } });
    expect(tested).toEqual(["training", "memory", "state", "same again", "resume"]);
  });

  it("asks for losses of two epochs", async () => {
    await expect(checkHook(sound, { folder, losses: [1, 2, 3] })).rejects.toThrow("an even number; received 3.");
  });

  let runs = 0;
  it.each([
    [
      "a counter that is not captured",
      () => {
        let steps = 0;
        return {
          stepEnd(_: unknown, { metrics }: { metrics: Record<string, number> }) {
            metrics.steps = steps++;
          },
        };
      },
      'resume: after step 1: step 1 must have {"learningRate":0.1,"metrics":{"steps":1}}; received {"learningRate":0.1,"metrics":{"steps":0}}',
    ],
    [
      "what one training leaves for the next",
      () => ({
        stepStart(_: unknown, start: { learningRate: number }) {
          start.learningRate = ++runs;
        },
      }),
      'same again: step 0 must have {"learningRate":1,"metrics":{}}; received {"learningRate":13,',
    ],
    ["a leak", () => ({ trainEnd: () => void tf.scalar(1) }), "memory: a training left 1 tensors. Use tf.tidy"],
    [
      "a failure",
      () => ({
        epochEnd() {
          throw new Error("no");
        },
      }),
      'training: threw TrainingError: hook "faulty" failed in epochEnd after 6 of 12 steps: no',
    ],
    [
      "a state that is no JSON",
      () => ({ capture: () => ({ values: { seen: new Date(0) } }), restore: () => {} }),
      "state: `values.seen` of what it captures must be a JSON value",
    ],
  ])("finds %s", async (_, create, message) => {
    await expect(checkHook(faulty(create), { folder })).rejects.toThrow(message);
  });
});
