import { Random } from "@simclr/core";
import { cacheDecoded, labelSubset, openDataset } from "@simclr/data";
import { expect, it } from "vitest";
import { holdOut } from "./hold-out.js";

const shapes = async (perClass: number) => {
  const opened = await openDataset("shapes", { split: "train", limit: 200 });
  const decoded = await cacheDecoded(opened, {});
  return { ...decoded, ...labelSubset(decoded, { perClass, random: Random.fromSeed(0) }) };
};
const ids = ({ size, id }: { size: number; id: (i: number) => string }) =>
  Array.from({ length: size }, (_, i) => id(i));

it("holds a share of each class's labelled images out, and keeps all others, once each", async () => {
  const all = await shapes(5);
  const { train, test } = holdOut(all, 0.4, 0);
  expect([...test.labels].sort()).toEqual(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2))); // 2 of 5, ten classes
  expect([...ids(train), ...ids(test)].sort()).toEqual(ids(all).sort());
  expect(train.labels.filter((label) => label >= 0)).toHaveLength(30);
  expect(ids(holdOut(all, 0.4, 1).test)).not.toEqual(ids(test)); // another seed
  expect(ids(holdOut(all, 0.4, 0).test)).toEqual(ids(test));
});

it("refuses a class from which nothing can be held out", async () => {
  const all = await shapes(1);
  expect(() => holdOut(all, 0.2, 0)).toThrow(
    /^data\.test: holding images out needs two labelled images a class or more; /,
  );
});
