import { expect, it } from "vitest";
import { checkFamilies, expectedSpecs, families } from "./families.mjs";
import { knownReason } from "./known-failures.mjs";
import { specFiles, tfjsLoader } from "./load-tfjs.mjs";
import { patch } from "./patches.mjs";
import { countProblems } from "./run-specs.mjs";

const load = tfjsLoader({});
load("index.js"); // sets the platform
const { expectArraysClose, expectArraysEqual, expectValuesInRange } = load("test_util.js");

it.each([
  [Number.NaN, Number.POSITIVE_INFINITY],
  [Number.POSITIVE_INFINITY, Number.NaN],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  [Number.NaN, 1],
  [1, Number.POSITIVE_INFINITY],
])("%d does not pass for %d", (actual, expected) => {
  expect(() => expectArraysClose([actual], [expected], 1e-3)).toThrow(/Arrays differ/);
  expect(() => expectArraysEqual([actual], [expected])).toThrow(/Arrays differ/);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d passes for itself", (value) => {
  expect(() => expectArraysClose([value], [value], 1e-3)).not.toThrow();
});

it("NaN is in no range", () => {
  expect(() => expectValuesInRange([Number.NaN], 0, 1)).toThrow(/out of range/);
  expect(() => expectValuesInRange([0, 1], 0, 1)).not.toThrow();
});

it("a patch whose place is not found is an error", () => {
  expect(() => patch("test_util.js", "")).toThrow(/test_util\.js of tfjs-core holds 0 times, not once: if/);
});

it("a family whose specs did not all run is a problem", () => {
  const row = { name: "clip", expected: 15, passed: 12, failed: 1, known: 1, skipped: 1 };
  expect(countProblems([row, { ...row, passed: 11 }, { ...row, passed: 0, failed: 0, known: 0, skipped: 0 }])).toEqual([
    "clip: 14 specs ran, expected 15",
    "clip: 0 specs ran, expected 15",
  ]);
});

it("a spec file in no family, in two or missing is an error", () => {
  const files = specFiles();
  expect(() => checkFamilies(files)).not.toThrow();
  expect(() => checkFamilies([...files, "ops/new"])).toThrow("in no family: ops/new. Correct src/families.mjs.");
  expect(() => checkFamilies(files.slice(1))).toThrow(`not in this version of tfjs-core: ${files[0]}.`);
  expect(families.flatMap((family) => family.files)).toHaveLength(265);
});

it("there are 4,230 specs for a backend, two more for cpu, and fewer for webgpu", () => {
  const sum = (backend) => families.reduce((total, family) => total + expectedSpecs(family, backend), 0);
  expect(sum("onednn")).toBe(4230);
  expect(sum("cpu")).toBe(4232);
  expect(sum("webgpu")).toBe(4170); // 60 read synchronously
});

it("a failure is known on its backend and for its reason only", () => {
  const nan = { family: "activation", name: "sigmoid webgpu {} propagates NaNs", messages: ["Error: Arrays differ"] };
  expect(knownReason("webgpu", nan)).toMatch(/^NaN: /);
  expect(knownReason("onednn", nan)).toBeUndefined();
  expect(knownReason("webgpu", { ...nan, name: "sigmoid webgpu {} basic" })).toBeUndefined();
  const absent = {
    ...nan,
    name: "unique 1D",
    messages: ["Error: Kernel 'Unique' not registered for backend 'webgpu'"],
  };
  expect(knownReason("webgpu", absent)).toMatch(/no such kernel/);
});
