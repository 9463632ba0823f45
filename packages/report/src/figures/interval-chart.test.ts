import { parseHTML } from "linkedom";
import { expect, it } from "vitest";
import { intervalChart } from "./interval-chart.js";

const rows = [
  { name: "kNN", group: "all labels", value: 40, low: 38, high: 42 },
  { name: "linear <b>", group: "all labels", value: 50, low: undefined, high: undefined },
  { name: "kNN", group: "few", value: 20, low: undefined, high: undefined },
];

it("draws a dot for each value, a bar for each interval, at places in proportion, and says all in words", () => {
  const svg = intervalChart(rows, "top-1");
  const { document } = parseHTML(svg);
  const x = [...document.querySelectorAll("circle")].map((dot) => Number(dot.getAttribute("cx")));
  expect(x).toHaveLength(3);
  // From 20 to 50 on the axis: the middle value lies two thirds of the way.
  expect((x[0]! - x[2]!) / (x[1]! - x[2]!)).toBeCloseTo(20 / 30, 6);
  expect(document.querySelectorAll('[aria-label="link"] path')).toHaveLength(1);
  expect(svg).toContain("top-1: all labels, kNN 40.0 %; all labels, linear &lt;b&gt; 50.0 %; few, kNN 20.0 %.");
  expect(svg).not.toContain("<b>");
});
