import "@simclr/backend-onednn/register";
import { type CropSpec, Random } from "@simclr/core";
import { describeBackends, expectNewTensors } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { augment } from "./augment.js";
import { multiCrop } from "./multi-crop.js";
import { cropOnly } from "./recipes.js";
import { swavMultiCrop } from "./swav-multi-crop.js";
import { noise } from "./test-images.js";

const keys = { random: Random.fromSeed(6), epoch: 1, step: 2, indices: [7, 5, 9] };
const small = swavMultiCrop({ large: { size: 24 }, small: { size: 10, count: 3 } });

describe("multiCrop", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("gives for each recipe the view that augment gives for its place", () => {
      const images = noise([3, 40, 36, 3]);
      const views = multiCrop(images, small, keys);
      expect(views.map(({ shape }) => shape[1])).toEqual([24, 24, 10, 10, 10]);
      for (const [view, result] of views.entries())
        expect(result.dataSync()).toEqual(augment(images, small[view]!, { ...keys, view }).dataSync());
      expect(views[0]!.dataSync()).not.toEqual(views[1]!.dataSync());
    });

    it("leaves only its views in memory", () => {
      const images = noise([2, 30, 30, 3]);
      expectNewTensors(5, () => multiCrop(images, small, { ...keys, indices: [1, 2] }));
    });
  });

  it("records the views apart", () => {
    const boxes: string[] = [];
    const recipes = [cropOnly({ size: 6 }), cropOnly({ size: 4 })];
    multiCrop(noise([3, 8, 8, 1]), recipes, keys, {
      record: (place, _, ...path) => boxes.push([place, ...path].join()),
    });
    expect(boxes).toEqual(["view0", "view1"].flatMap((view) => [0, 1, 2].map((i) => `${i},${view},randomResizedCrop`)));
  });

  it("says when there is no recipe", () => {
    expect(() => multiCrop(noise([3, 8, 8, 3]), [], keys)).toThrow(
      "multiCrop: `recipes` must hold one recipe per view; received none. Pass swavMultiCrop(), or lists of your own.",
    );
  });
});

describe("swavMultiCrop", () => {
  const crops = (recipes: ReturnType<typeof swavMultiCrop>) => recipes.map(([first]) => first!.crop as CropSpec);

  it("is two large views and six small ones, with SwAV's areas", () => {
    const steps = ["randomResizedCrop", "flipLeftRight", "colorJitter", "grayscale", "clip", "gaussianBlur"];
    const recipes = swavMultiCrop();
    for (const recipe of recipes) expect(recipe.map(({ name }) => name)).toEqual(steps);
    const common = { kind: "random-resized-crop", sampler: "torchvision", aspect: [3 / 4, 4 / 3], kernel: "bilinear" };
    const large = { ...common, size: 224, area: [0.14, 1] };
    const little = { ...common, size: 96, area: [0.05, 0.14] };
    expect(crops(recipes)).toEqual([large, large, little, little, little, little, little, little]);
  });

  it("takes other sizes and counts, and leaves the blur out", () => {
    const recipes = swavMultiCrop({
      large: { size: 32, count: 1 },
      small: { count: 2, area: [0.1, 0.2] },
      blur: false,
    });
    expect(crops(recipes).map(({ size }) => size)).toEqual([32, 96, 96]);
    expect(crops(recipes)[2]).toMatchObject({ area: [0.1, 0.2] });
    expect(recipes[0]!.map(({ name }) => name)).not.toContain("gaussianBlur");
    expect(() => swavMultiCrop({ small: { count: 0 } })).toThrow(
      "swavMultiCrop: `count` must be an integer >= 1; received 0.",
    );
  });

  it("covers small areas, which TensorFlow's sampler cannot", () => {
    const areas: number[] = [];
    multiCrop(noise([3, 60, 60, 3]), small, keys, {
      record: (_, drawn, view, step) => {
        if (view !== "view0" && view !== "view1" && step === "randomResizedCrop")
          areas.push(((drawn.height as number) * (drawn.width as number)) / 3600);
      },
    });
    expect(areas.length).toBe(9);
    expect(Math.min(...areas)).toBeLessThan(0.1);
    expect(Math.max(...areas)).toBeLessThan(0.15);
  });
});
