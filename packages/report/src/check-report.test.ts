import { InvalidArgumentError } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { sampleReport } from "../fixtures/sample.js";
import { checkReport } from "./check-report.js";
import type { ReportData, ViewImages } from "./report-data.js";

const sample = sampleReport();
const [first] = sample.accuracy;
const [image] = (sample.views as ViewImages).original;
const wrong: readonly [{ [K in keyof ReportData]?: ReportData[K] | undefined }, string][] = [
  [
    { accuracy: [first!, { ...first!, top1: 91.2 }] },
    "renderReport: `accuracy[1].top1` must be in [0, 1]; received 91.2. Pass a fraction: 0.912 for 91.2 %.",
  ],
  [{ accuracy: [{ ...first!, top1: Number.NaN }] }, "`accuracy[0].top1` must be in [0, 1]; received NaN."],
  [{ accuracy: [{ ...first!, testCount: 0 }] }, "`accuracy[0].testCount` must be an integer >= 1; received 0."],
  [
    { accuracy: [first!, first!] },
    '`accuracy` must be one baseline for labels "100 (10 a class)"; received 2. Set `isBaseline` on one row only.',
  ],
  [
    { curves: [{ stage: "s", metric: "loss", points: [{ step: 0, value: Number.POSITIVE_INFINITY }] }] },
    '`curves[0].points[0].value` must be a finite number; received Infinity. This is the curve "loss".',
  ],
  [
    { curves: [{ stage: "s", metric: "loss", points: [9, 3].map((step) => ({ step, value: 1 })) }] },
    '`curves[0].points[1].step` must be >= 9, the step before; received 3. This is the curve "loss". Sort its points.',
  ],
  [{ createdAt: "yesterday" }, '`createdAt` must be an ISO 8601 time; received "yesterday".'],
  [
    { views: { caption: "", original: [image!], views: [] } },
    "`views.views` must be 1 lists, like `views.original`; received 0. Give one list of views for each original.",
  ],
  [
    { views: { caption: "", original: [image!, image!], views: [[image!], []] } },
    "`views.views[1]` must be 1 views, like the first image; received 0.",
  ],
  [
    { views: { caption: "", original: [image!], views: [[{ ...image!, width: 31 }]] } },
    "`views.views[0][0].data` must be 2976 bytes (32 x 31 x 3); received 3072.",
  ],
  [
    { confusion: { title: "", classNames: ["a", "b"], matrix: [[1, 0], [1]] } },
    "`confusion.matrix[1]` must be 2 counts, one for each class name; received 1.",
  ],
  [
    { confusion: { title: "", classNames: ["a"], matrix: [[0.5]] } },
    "`confusion.matrix[0][0]` must be an integer >= 0; received 0.5. Pass counts of images, not shares.",
  ],
  [
    { perClass: { title: "", classes: [{ className: "a", top1: 2, testCount: 1 }] } },
    "`perClass.classes[0].top1` must be in [0, 1]; received 2.",
  ],
  [
    { map: { ...sample.map!, points: [{ ...sample.map!.points[0]!, tile: 160 }] } },
    "renderReport: `map.points[0].tile` must be an integer in [0, 159], a tile of `thumbnails`; received 160.",
  ],
  [
    { thumbnails: undefined, map: sample.map },
    "`map.points[0].tile` must be left out, as there are no `thumbnails`; received 0.",
  ],
  [
    { map: { ...sample.map!, points: [{ ...sample.map!.points[0]!, label: 10 }] } },
    "`map.points[0].label` must be an integer in [0, 9], a class; received 10.",
  ],
  [
    { reliability: [{ ...sample.reliability![0]!, error: 6.7 }] },
    "`reliability[0].error` must be in [0, 1]; received 6.7.",
  ],
  [
    { labelEfficiency: [{ method: "kNN", labelCount: 0, top1: 0.5, testCount: 1 }] },
    "`labelEfficiency[0].labelCount` must be an integer >= 1; received 0.",
  ],
  [{ facts: [{ name: "loss", value: Number.NaN }] }, "`facts[0].value` must be a finite number; received NaN."],
];

describe("checkReport", () => {
  it("accepts what can be drawn", () => {
    expect(checkReport(sample)).toBeUndefined();
  });

  it.each(wrong)("names what cannot (%#)", (change, message) => {
    const check = () => checkReport({ ...sample, ...change } as ReportData);
    expect(check).toThrow(message);
    expect(check).toThrow(InvalidArgumentError);
  });
});
