import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@simclr/core";
import { defineDataset } from "@simclr/data";
import { afterAll, describe, expect, it } from "vitest";
import { applyBudget } from "./label-budget.js";

const folder = mkdtempSync(join(tmpdir(), "simclr-budget-"));
afterAll(() => rmSync(folder, { recursive: true }));

const train = defineDataset({
  name: "train",
  size: 8,
  classNames: ["cat", "dog"],
  labels: [0, 0, 0, 0, 0, 1, 1, -1],
  id: (i) => `images/${i}.jpg`,
  read: () => ({ data: Uint8Array.of(0), height: 1, width: 1, channels: 1 }),
});
const random = Random.fromSeed(0);

describe("applyBudget", () => {
  it("keeps the labels that a list names", async () => {
    const list = join(folder, "2 labels.txt");
    writeFileSync(list, "6.jpg\n1.jpg\n");
    const { tag, words, dataset, count } = await applyBudget(train, { list }, random);
    expect([tag, words, count]).toEqual(["list-2-labels", "2 (1 a class)", 2]);
    expect([...dataset.labels]).toEqual([-1, 0, -1, -1, -1, -1, 1, -1]);
    writeFileSync(list, "6.jpg\n9.jpg\n");
    await expect(applyBudget(train, { list }, random)).rejects.toThrow(
      `${list}:2: names "9.jpg", which is not an image of train.`,
    );
  });

  it("keeps a share, a number or all of them", async () => {
    const counts = async (budget: Parameters<typeof applyBudget>[1]) =>
      (await applyBudget(train, budget, random)).words;
    expect(await counts({ perClass: 2 })).toBe("4 (2 a class)");
    expect(await counts({ fraction: 0.5 })).toBe("4 (1 to 3 a class)"); // of 5 and 2, rounded
    expect(await counts({ given: true })).toBe("7 (2 to 5 a class)");
  });

  it("keeps a number of labels whatever their class, drawn from the seed or chosen", async () => {
    const drawn = async (seed: number) => [
      ...(await applyBudget(train, { count: 3 }, Random.fromSeed(seed))).dataset.labels.entries(),
    ];
    const three = await drawn(0);
    expect(three.filter(([, label]) => label >= 0)).toHaveLength(3);
    expect(three.every(([i, label]) => label === -1 || label === train.labels[i])).toBe(true);
    expect(await drawn(0)).toEqual(three);
    const seeds = await Promise.all([1, 2, 3, 4].map(drawn));
    expect(new Set(seeds.map((each) => JSON.stringify(each))).size).toBeGreaterThan(1);
    expect((await applyBudget(train, { count: 7 }, random)).words).toBe("random 7 (2 to 5 a class)");

    const suggest = async (count: number, candidates: Int32Array) => {
      expect([count, ...candidates]).toEqual([2, 0, 1, 2, 3, 4, 5, 6]); // those that have a label
      return Int32Array.of(4, 1);
    };
    const chosen = await applyBudget(train, { count: 2, choose: "suggested" }, random, suggest);
    expect([chosen.tag, chosen.words]).toEqual(["2-suggested", "suggested 2 (0 to 2 a class)"]);
    expect([...chosen.dataset.labels]).toEqual([-1, 0, -1, -1, 0, -1, -1, -1]);
    await expect(applyBudget(train, { count: 8 }, random)).rejects.toThrow(
      "labels: train has 7 labelled images; `count` asks for 8. Ask for fewer.",
    );
  });
});
