import { describe, expect, it } from "vitest";
import { modelName, parseModelName } from "./model-name.js";

describe("parseModelName", () => {
  it.each([
    ["r18_0.25x", 18, 0.25],
    ["r50_2x_sk0", 50, 2],
    ["r152", 152, 1],
  ])("reads %s", (name, depth, widthMultiplier) => {
    expect(parseModelName(name)).toEqual({ depth, widthMultiplier, selectiveKernel: false });
  });

  it("reads back what modelName writes", () => {
    for (const depth of [18, 34, 50, 101, 152, 200] as const)
      for (const widthMultiplier of [0.25, 0.125, 1, 2, 3])
        expect(parseModelName(modelName({ depth, widthMultiplier }))).toMatchObject({ depth, widthMultiplier });
    expect(modelName({ depth: 18, widthMultiplier: 0.25 })).toBe("r18_0.25x");
  });

  it("says what is wrong with a name", () => {
    expect(() => parseModelName("resnet18")).toThrow(
      'parseModelName: the model name must be r<depth>_<width>x; received "resnet18". Write, for example, "r18_1x" or "r50_0.5x".',
    );
    expect(() => parseModelName("r20_1x")).toThrow(
      'parseModelName: the model name must be of a known ResNet; received "r20_1x". Use a depth of 18, 34, 50, 101, 152, 200.',
    );
    expect(() => parseModelName("r50_1x_sk1")).toThrow(
      'parseModelName: the model name must be without selective kernels; received "r50_1x_sk1". They are not supported; use "r50_1x" instead.',
    );
  });
});
