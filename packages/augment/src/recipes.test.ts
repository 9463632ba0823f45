import type { CropSpec } from "@simclr/core";
import { expectClose } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { cifar, cropOnly, evaluate, fineTune, recipes, simclr, simclrV2 } from "./recipes.js";
import { applied, noise, repeat } from "./test-images.js";

const names = (recipe: readonly { name: string }[]): string[] => recipe.map(({ name }) => name);
const cropOf = (recipe: readonly { crop?: CropSpec }[]): CropSpec | undefined => recipe[0]?.crop;

describe("recipes", () => {
  it("list the reference's steps in its order", () => {
    const view = ["randomResizedCrop", "flipLeftRight", "colorJitter", "grayscale", "clip"];
    expect(names(simclrV2({ size: 224 }))).toEqual([...view, "gaussianBlur"]);
    expect(names(simclr({ size: 224, blur: false }))).toEqual(view);
    expect(names(cifar())).toEqual(view);
    expect(names(fineTune({ size: 224 }))).toEqual(["randomResizedCrop", "flipLeftRight", "clip"]);
    expect(names(cropOnly({ size: 224 }))).toEqual(["randomResizedCrop", "clip"]);
    expect(names(evaluate({ size: 224 }))).toEqual(["centerCrop", "clip"]);
    for (const recipe of Object.values(recipes)) expect(cropOf(recipe({ size: 48 }))?.size).toBe(48);
  });

  it("crop as they are told", () => {
    expect(cropOf(cifar())).toMatchObject({ size: 32, sampler: "tf", kernel: "tf1-bicubic", area: [0.08, 1] });
    const options = { size: 64, sampler: "torchvision", kernel: "bilinear", area: [0.2, 1] } as const;
    for (const recipe of [simclr, simclrV2, cifar, fineTune, cropOnly])
      expect(cropOf(recipe(options))).toMatchObject(options);
    expect(cropOf(evaluate({ size: 224 }))).toMatchObject({ fraction: 0.875 });
    expect(cropOf(evaluate({ size: 33 }))).toMatchObject({ fraction: 0.875 });
    expect(cropOf(evaluate({ size: 32 }))).toMatchObject({ fraction: 1 });
  });

  it("evaluate leaves small images alone, to the last bit", () => {
    const images = noise([2, 32, 32, 3]);
    const [crop] = evaluate({ size: 32 });
    const [first] = applied(crop!, images);
    expectClose(first!, images.dataSync().subarray(0, 3072), {});
  });

  it("differ in brightness and strength: black moves under v1 only, and half as far for CIFAR", () => {
    const jitterOf = (recipe: ReturnType<typeof simclr>) => recipe.find(({ name }) => name === "colorJitter")!;
    const black = repeat(300, tf.zeros([1, 1, 1, 3]));
    const largest = (results: Float32Array[]): number => Math.max(...results.map((result) => result[0]!));
    expect(largest(applied(jitterOf(simclr({ size: 8 })), black))).toBeGreaterThan(0.7);
    expect(largest(applied(jitterOf(simclrV2({ size: 8 })), black))).toBe(0);
    // A gray pixel feels brightness alone: contrast is about its own mean, saturation and hue have nothing to turn.
    const gray = repeat(300, tf.fill([1, 1, 1, 3], 0.5));
    expect(largest(applied(jitterOf(simclrV2({ size: 8 })), gray))).toBeGreaterThan(0.88); // 0.5 * 1.8
    const half = largest(applied(jitterOf(cifar()), gray)); // 0.5 * 1.4
    expect(half).toBeGreaterThan(0.69);
    expect(half).toBeLessThanOrEqual(0.7 + 1e-5);
  });
});
