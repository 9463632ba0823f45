import { expect, it } from "vitest";
import { families } from "./families.mjs";
import { parseOptions } from "./options.mjs";

const parse = (...args) => parseOptions(args, ["onednn", "cpu"]);
const familyNames = (...args) => parse(...args).families.map(({ name }) => name);

it("runs every family on onednn unless told otherwise", () => {
  expect(parse()).toEqual({ backend: "onednn", families, hostKernels: false, json: false, help: false });
});

it("takes families and tiers, separated by commas or given again", () => {
  expect(familyNames("--family", "clip,conv2d", "--family", "rnn")).toEqual(["conv2d", "clip", "rnn"]);
  expect(familyNames("--tier", "extended")).toHaveLength(7);
  expect(familyNames("--tier", "extended,other,convnet")).toHaveLength(families.length);
});

it("takes the `--` that pnpm hands on", () => {
  expect(parse("--", "--backend", "cpu").backend).toBe("cpu");
});

it.each([
  [["--backend", "onedn"], 'there is no backend "onedn". There are: onednn, cpu.'],
  [["--family", "conv"], 'there is no family "conv". There are: conv2d, depthwise, pooling, '],
  [["--tier", "convnets"], 'there is no tier "convnets". There are: convnet, extended, other.'],
  [["--tier", "convnet", "--family", "clip"], "give --family or --tier, not both."],
  [["--backend", "cpu", "--host-kernels"], "--host-kernels is for onednn"],
  [["--families", "clip"], "Unknown option '--families'"],
])("refuses %j", (args, message) => {
  expect(() => parse(...args)).toThrow(message);
});
