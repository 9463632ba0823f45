import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type SummaryEvent, sessionStartRecord, summaryRecord, versionRecord } from "./event.js";
import { histogramOf } from "./histogram.js";

const FIXTURES = new URL("../../../fixtures/tensorboard/", import.meta.url);

/** A grey pixel, as `convert -size 1x1 xc:gray50 PNG8:` writes it. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);
const WEIGHTS = Float32Array.of(-1, -0.5, 0, 0.25, 0.5, 2);

const EVENTS: readonly SummaryEvent[] = [
  {
    wallTime: 1_700_000_000.5,
    step: 0,
    values: [
      { tag: "train/loss", scalar: 5.5 },
      { tag: "train/Ähnlichkeit", scalar: -0.25 },
    ],
  },
  { wallTime: 1_700_000_001, step: 300, values: [{ tag: "weights/dense/kernel", histogram: histogramOf(WEIGHTS) }] },
  {
    wallTime: 1_700_000_002,
    step: 2_000_000,
    values: [{ tag: "views", image: { width: 1, height: 1, channels: 1, png: PNG } }],
  },
  { wallTime: 1_700_000_003, step: 2_000_001, values: [{ tag: "train/loss", scalar: Number.NaN }] },
];
/** A resumed run, in a second file: step 2,000,001 is made again. */
const RESUMED: SummaryEvent = {
  wallTime: 1_700_000_100,
  step: 2_000_001,
  values: [{ tag: "train/loss", scalar: 0.125 }],
};

const first = Buffer.concat([versionRecord(1_700_000_000), ...EVENTS.map(summaryRecord)]);
const second = Buffer.concat([
  versionRecord(1_700_000_099),
  sessionStartRecord(1_700_000_099, RESUMED.step),
  summaryRecord(RESUMED),
]);

describe("event files", () => {
  it("are byte for byte the files that TensorBoard was shown", () => {
    const fixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));
    expect(first.equals(fixture("events.out.tfevents.1700000000.first"))).toBe(true);
    expect(second.equals(fixture("events.out.tfevents.1700000099.second"))).toBe(true);
  });

  it("were read by TensorBoard as they were meant, the step that was made again once", () => {
    const read = JSON.parse(readFileSync(new URL("events.json", FIXTURES), "utf8"));
    const { minimum, maximum, count, sum, sumOfSquares, limits, counts } = histogramOf(WEIGHTS);
    expect(read).toEqual({
      scalars: {
        "train/loss": [
          [0, 5.5],
          [2_000_001, 0.125],
        ],
        "train/Ähnlichkeit": [[0, -0.25]],
      },
      histograms: { "weights/dense/kernel": [[300, minimum, maximum, count, sum, sumOfSquares, limits, counts]] },
      images: { views: [[2_000_000, 1, 1, createHash("sha256").update(PNG).digest("hex")]] },
    });
  });
});

describe("histogramOf", () => {
  it("counts every number once, the greatest in the last bucket", () => {
    const { minimum, maximum, count, sum, sumOfSquares, limits, counts } = histogramOf(WEIGHTS);
    expect({ minimum, maximum, count, sum, sumOfSquares }).toEqual({
      minimum: -1,
      maximum: 2,
      count: 6,
      sum: 1.25,
      sumOfSquares: 5.5625,
    });
    expect(counts.reduce((a, b) => a + b)).toBe(6);
    expect([counts[0], counts[5], counts[10], counts[12], counts[15], counts[29]]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([limits[0], limits[29]]).toEqual([-0.9, 2]);
  });

  it("has one bucket for equal numbers", () => {
    expect(histogramOf(Float32Array.of(3, 3))).toMatchObject({ limits: [3], counts: [2] });
  });
});
