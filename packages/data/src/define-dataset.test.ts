import { describe, expect, it } from "vitest";
import { type DatasetDefinition, defineDataset } from "./define-dataset.js";

const image = { data: Uint8Array.of(1, 2, 3), height: 1, width: 1, channels: 3 };
const definition: DatasetDefinition = { name: "mine", size: 2, read: () => image };

describe("defineDataset", () => {
  it("fills in what is left out", async () => {
    const dataset = defineDataset(definition);
    expect([[...dataset.labels], dataset.classNames, dataset.id(1)]).toEqual([[-1, -1], [], "mine[1]"]);
    expect(await dataset.read(0)).toEqual(image);
    expect(dataset.fingerprint).toBe(defineDataset(definition).fingerprint);
    const labelled = defineDataset({ ...definition, classNames: ["a"], labels: [0, -1] });
    expect(labelled.fingerprint).not.toBe(dataset.fingerprint);
  });

  it.each([
    [{ size: 0 }, "`size` must be an integer >= 1; received 0."],
    [{ name: "" }, "`name` must be a text that is not empty; received ."],
    [{ labels: [0] }, "`labels` must be of length 2, like `size`; received 1."],
    [{ labels: [0, 1], classNames: ["a"] }, "`labels[1]` must be an integer in [-1, 1); received 1."],
    [{ labels: [0.5, 0], classNames: ["a"] }, "`labels[0]` must be an integer in [-1, 1); received 0.5."],
    [{ classNames: ["a", "a"] }, "`classNames` must be without duplicates; received a,a."],
  ])("refuses %j", (wrong, message) => {
    expect(() => defineDataset({ ...definition, ...wrong })).toThrow(`defineDataset: ${message}`);
  });

  it("checks every image that is read, and names it", async () => {
    const short = defineDataset({ ...definition, read: () => ({ ...image, width: 2 }) });
    await expect(short.read(1)).rejects.toThrow(
      "The image mine[1] must be { data, height, width, channels } with a Uint8Array of height * width * channels bytes; received Uint8Array of 3 for [1, 2, 3].",
    );
    const other = defineDataset({ ...definition, imageShape: { height: 1, width: 1, channels: 1 } });
    await expect(other.read(0)).rejects.toThrow("The image mine[0] must have shape [1, 1, 1]");
    const failing = defineDataset({
      ...definition,
      read: () => {
        throw new Error("disk on fire");
      },
    });
    await expect(failing.read(0)).rejects.toThrow("Cannot decode the image mine[0]: disk on fire.");
  });
});
