import { type Dataset, definitionMark } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { checkDataset } from "./check-dataset.js";
import type { DatasetContext } from "./dataset-opener.js";
import { defineDataset } from "./define-dataset.js";
import { openDataset } from "./open-dataset.js";

const CONTEXT: DatasetContext = { split: "train", folder: "/", channels: 1 };
const grey = (index: number) => ({ data: Uint8Array.of(index), height: 1, width: 1, channels: 1 });

const ramp = defineDataset({
  name: "ramp",
  options: { count: 4, step: 1 },
  checkOptions: ({ count }) => {
    if (count < 1) throw new RangeError(`ramp: \`count\` must be >= 1; received ${count}.`);
  },
  open: ({ count, step }, { split }) =>
    defineDataset({
      name: `ramp-${split}`,
      size: count,
      classNames: ["even", "odd"],
      labels: Array.from({ length: count }, (_, i) => i % 2),
      read: (i) => grey(i * step),
    }),
});

describe("defineDataset with options", () => {
  it("opens with the defaults or other options, and is known as a definition", async () => {
    expect(definitionMark(ramp)?.kind).toBe("dataset");
    const dataset = await ramp.with({ count: 3, step: 2 }).open({ ...CONTEXT, split: "test" });
    expect([dataset.name, dataset.size, [...dataset.labels]]).toEqual(["ramp-test", 3, [0, 1, 0]]);
    expect((await dataset.read(2)).data[0]).toBe(4);
    expect((await ramp.open(CONTEXT)).size).toBe(4);
  });

  it("has another fingerprint for other options and another split, as its images may be others", async () => {
    const prints = await Promise.all(
      [ramp.open(CONTEXT), ramp.with({ step: 2 }).open(CONTEXT), ramp.open({ ...CONTEXT, split: "test" })].map(
        async (dataset) => (await dataset).fingerprint,
      ),
    );
    expect(new Set(prints).size).toBe(3);
    expect((await ramp.open(CONTEXT)).fingerprint).toBe(prints[0]);
  });

  it("takes what openDataset opens", async () => {
    const drawn = defineDataset({
      name: "drawn",
      options: { limit: 10 },
      open: (options, { split }) => openDataset("shapes", { ...options, split }),
    });
    expect((await drawn.open({ ...CONTEXT, channels: 3 })).size).toBe(10);
  });

  it("says what is wrong with options and with what is opened", async () => {
    expect(() => ramp.with({ count: 0 })).toThrow("ramp: `count` must be >= 1; received 0.");
    expect(() => ramp.with({ count: "2" as unknown as number })).toThrow('data set "ramp": `count` must be a finite');
    expect(() => defineDataset({ name: "", options: {}, open: () => ramp.open(CONTEXT) })).toThrow("`name` must be");
    const opening = (given: unknown) => defineDataset({ name: "x", options: {}, open: () => given as Dataset });
    await expect(opening(3).open(CONTEXT)).rejects.toThrow('what `open` of "x" gives must be a data set; received 3.');
    const sound = await ramp.open(CONTEXT);
    for (const [change, message] of [
      [{ read: 1 }, "`read` of what `open` of"],
      [{ size: 0 }, "must be an integer >= 1; received 0."],
      [{ labels: [0, 1, 0, 1] }, "must be an Int32Array of length 4, like `size`; received Array."],
      [{ labels: Int32Array.of(0, 1, 0, 2) }, "must be -1 or the index of one of 2 classes; received 2."],
    ] as const)
      await expect(opening({ ...sound, ...change }).open(CONTEXT)).rejects.toThrow(message);
    const nothing = await opening({ ...sound, read: async () => undefined }).open(CONTEXT);
    await expect(nothing.read(1)).rejects.toThrow("The image ramp-train[1] must be { data, height, width, channels }");
  });
});

describe("checkDataset", () => {
  const context = { channels: 1 };
  const changed = (change: (dataset: Dataset) => Partial<Dataset>) =>
    defineDataset({
      name: "faulty",
      options: {},
      open: async () => {
        const dataset = await ramp.open(CONTEXT);
        return { ...dataset, ...change(dataset) };
      },
    });
  const shared = Uint8Array.of(0);
  let openings = 0;

  it("finds nothing wrong with a sound data set", async () => {
    expect(await checkDataset(ramp, { context })).toContain("opened again");
    expect(await checkDataset(ramp, { context, options: { count: 2 }, images: 1 })).toHaveLength(7);
  });

  it.each([
    ["images of other channels", () => ({}), {}, "images: must have 3 channels; received 1"],
    ["ids that come twice", () => ({ id: () => "same" }), context, 'ids must differ; "same" is that of images 0 and 1'],
    ["a class without images", () => ({ labels: new Int32Array(4) }), context, 'the class "odd" has no image'],
    [
      "one buffer for all images",
      () => ({ read: async (i: number) => ({ ...grey(0), data: shared.fill(i) }) }),
      context,
      "memory: reading image 3 changed image 0",
    ],
    [
      "images that depend on what was read before",
      () => ({ read: async () => grey(openings++ % 251) }),
      context,
      "any order: image 3 is another one when all are read at once",
    ],
    [
      "images that another opening does not have",
      () => {
        const opening = openings++;
        return { read: async () => grey(opening % 251) };
      },
      context,
      "opened again: image 0 is another one",
    ],
    [
      "a failing close",
      () => ({ close: () => Promise.reject(new Error("stuck")) }),
      context,
      "close: threw Error: stuck",
    ],
  ])("finds %s", async (_, change, given, message) => {
    await expect(checkDataset(changed(change), { context: given })).rejects.toThrow(message);
  });
});
