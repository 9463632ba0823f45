import { expect, it } from "vitest";
import { reliability } from "./reliability.js";

it("sorts examples by their highest probability, and compares it with how often they are right", () => {
  // Confidences 0.5 (right) | 0.75 (right), 0.75 (right), 0.875 (wrong).
  const probabilities = new Float32Array([0.5, 0.5, 0.75, 0.25, 0.25, 0.75, 0.875, 0.125]);
  const bins = reliability({ probabilities, labels: [0, 0, 1, 1], classCount: 2, bins: 4 });
  expect(bins).toEqual([
    { low: 0, high: 0.25, count: 0, confidence: 0, accuracy: 0 },
    { low: 0.25, high: 0.5, count: 1, confidence: 0.5, accuracy: 1 },
    { low: 0.5, high: 0.75, count: 2, confidence: 0.75, accuracy: 1 },
    { low: 0.75, high: 1, count: 1, confidence: 0.875, accuracy: 0 },
  ]);
});
