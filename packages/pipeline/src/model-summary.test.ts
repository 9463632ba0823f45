import { describe, expect, it } from "vitest";
import { summarizeModel } from "./model-summary.js";

describe("summarizeModel", () => {
  it("tells of r152_3x_sk1 what was published of it", () => {
    const summary = summarizeModel("r152_3x_sk1", { batchSize: 2 });
    expect(summary).toMatchObject({
      name: "r152_3x_sk1",
      layers: { convolutions: 257, batchNorms: 207 },
      trainableParameters: { encoder: 794_704_160, head: 76_308_608, classifier: 6_145_000 },
      statistics: 531_200,
      featureDimension: 6144,
    });
    expect(summary.stages.map(({ name, blocks, output }) => [name, blocks, ...output])).toEqual([
      ["stem", 0, 56, 56, 192],
      ["group1", 3, 56, 56, 768],
      ["group2", 8, 28, 28, 1536],
      ["group3", 36, 14, 14, 3072],
      ["group4", 3, 7, 7, 6144],
    ]);
    expect(summary.stages.reduce((sum, { flopsPerImage }) => sum + flopsPerImage, 0)).toBe(summary.flopsPerImage);
    expect(summary.memory.block.total).toBeLessThan(summary.memory.none.total);
  });

  it("answers an unknown name with the nearest one", () => {
    expect(() => summarizeModel("resnet50")).toThrow('Did you mean "r50_1x"?');
  });

  it("refuses images too small for the stem", () => {
    expect(() => summarizeModel("r18", { imageSize: 4 })).toThrow("`imageSize` must be an integer >= 8; received 4.");
  });
});
