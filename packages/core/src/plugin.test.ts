import { describe, expect, it } from "vitest";
import { definitionMark, markDefinition } from "./definition.js";
import { definePlugin, type Plugin } from "./plugin.js";

const speckle = markDefinition("augmentation", { name: "speckle" });
const cosine = markDefinition("loss", { name: "cosine" });

describe("definePlugin", () => {
  it("gives the plugin back", () => {
    const plugin = { name: "sar", apiVersion: 1, augmentations: [speckle], losses: [cosine] };
    expect(definePlugin(plugin)).toBe(plugin);
  });

  it.each([
    [
      "an older interface",
      { apiVersion: 0 },
      "`apiVersion` must be 1, the plugin interface of this simclr; received 0. Install a version",
    ],
    [
      "a newer one",
      { apiVersion: 2 },
      "`apiVersion` must be 1, the plugin interface of this simclr; received 2. Update simclr, or install an older version of the plugin.",
    ],
    [
      "none",
      { apiVersion: undefined },
      "`apiVersion` must be 1, the plugin interface of this simclr; received none. Install a version",
    ],
    [
      "a misspelt list",
      { augmentation: [speckle] },
      "unknown key `augmentation`; expected name, apiVersion, version and lists called augmentations, losses",
    ],
    ["what is no list", { losses: cosine }, '`losses` must be a list of definitions; received {"name":"cosine"}.'],
    [
      "a plain object",
      { losses: [{ name: "mine" }] },
      "`losses[0]` must be what defineLoss gives; received object. Pass it through defineLoss.",
    ],
    [
      "the wrong kind",
      { losses: [cosine, speckle] },
      "`losses[1]` must be what defineLoss gives; received the definition of an augmentation.",
    ],
  ])("refuses %s", (_, change, message) => {
    expect(() => definePlugin({ name: "sar", apiVersion: 1, ...change } as Plugin)).toThrow(`plugin "sar": ${message}`);
  });

  it("refuses a plugin without a name", () => {
    expect(() => definePlugin({ apiVersion: 1 } as Plugin)).toThrow(
      "a plugin: `name` must be a text that is not empty",
    );
  });
});

describe("markDefinition", () => {
  it("is seen by definitionMark, even of another copy of the package, and not by loops", () => {
    expect(definitionMark(speckle)).toEqual({ kind: "augmentation", apiVersion: 1 });
    expect(definitionMark({ [Symbol.for("simclr.definition")]: { kind: "loss", apiVersion: 7 } })?.apiVersion).toBe(7);
    expect({ ...speckle }).toEqual({ name: "speckle" });
    expect(definitionMark({ ...speckle })).toBeUndefined();
    expect(definitionMark(undefined)).toBeUndefined();
  });
});
