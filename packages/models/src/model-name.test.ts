import { describe, expect, it } from "vitest";
import { modelName, PUBLISHED_MODELS, parseModelName } from "./model-name.js";

describe("parseModelName", () => {
  it.each([
    ["r18_0.25x", 18, 0.25, false],
    ["r50_2x_sk0", 50, 2, false],
    ["r50_2x_sk1", 50, 2, true],
    ["r101_sk1", 101, 1, true],
    ["r152", 152, 1, false],
  ])("reads %s", (name, depth, widthMultiplier, selectiveKernel) => {
    expect(parseModelName(name)).toEqual({ depth, widthMultiplier, selectiveKernel });
  });

  it("reads back what modelName writes", () => {
    for (const depth of [18, 34, 50, 101, 152, 200] as const)
      for (const widthMultiplier of [0.25, 0.125, 1, 2, 3])
        for (const selectiveKernel of depth < 50 ? [false] : [false, true]) {
          const architecture = { depth, widthMultiplier, selectiveKernel };
          expect(parseModelName(modelName(architecture))).toEqual(architecture);
        }
    expect(modelName({ depth: 18, widthMultiplier: 0.25 })).toBe("r18_0.25x");
    expect(modelName({ depth: 50, widthMultiplier: 2, selectiveKernel: true })).toBe("r50_2x_sk1");
  });

  it("knows the 13 published networks", () => {
    expect(new Set(PUBLISHED_MODELS.map((name) => JSON.stringify(parseModelName(name)))).size).toBe(13);
  });

  it("says what is wrong with a name", () => {
    expect(() => parseModelName("resnet18")).toThrow(
      'parseModelName: the model name must be r<depth>[_<width>x][_sk0|_sk1]; received "resnet18". Did you mean "r18_1x"? ' +
        "Depths: 18, 34, 50, 101, 152, 200; published: r50_1x_sk0, r50_1x_sk1, r50_2x_sk0, r50_2x_sk1, r101_1x_sk0, " +
        "r101_1x_sk1, r101_2x_sk0, r101_2x_sk1, r152_1x_sk0, r152_1x_sk1, r152_2x_sk0, r152_2x_sk1, r152_3x_sk1.",
    );
    expect(() => parseModelName("r20_1x")).toThrow('must be of a known ResNet; received "r20_1x".');
    expect(() => parseModelName("r18_1x_sk1")).toThrow(
      "must be without selective kernels, which need bottlenecks and ResNet-18 has none;",
    );
  });

  it.each([
    ["ResNet-50 (2x, SK)", "r50_2x_sk1"],
    ["resnet152_3x_sk", "r152_3x_sk1"],
    ["R50-2x-sk0", "r50_2x"],
    ["r49", "r50_1x"],
    ["r18_0.5x_sk1", "r18_0.5x"],
    ["vit", "r50_1x"],
  ])("takes %s for %s", (written, meant) => {
    expect(() => parseModelName(written)).toThrow(`Did you mean "${meant}"?`);
  });
});
