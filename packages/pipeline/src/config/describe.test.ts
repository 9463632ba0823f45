import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configJsonSchema, configKeys, configPage, explainKey, keyWords } from "./describe.js";

const wordsOf = (key: string): Readonly<Record<string, string>> =>
  Object.fromEntries(explainKey(key).map((each) => [each.key, keyWords(each)]));

describe("the description of the configuration", () => {
  it("says what a key may be, what it is by default, and what it means", () => {
    expect(wordsOf("pretrain.optimizer")).toMatchObject({
      "pretrain.optimizer.momentum": "number >= 0 and < 1; by default 0.9: not of adamw",
      "pretrain.optimizer.learningRate": "number > 0; required: before scaling by the batch size",
    });
    expect(wordsOf("model.depth")["model.depth"]).toMatch(/one of 18, 34, 50, 101, 152, 200; by default 18/);
    expect(wordsOf("seed")).toEqual({ seed: "integer >= 0; by default 0" });
    expect(wordsOf("output")).toEqual({ output: "text: run folder; by default runs/<name>" });
  });

  it("knows entries of lists, and the options of methods", () => {
    expect(Object.keys(wordsOf("labels[0].fraction"))).toEqual(["labels[].fraction"]);
    expect(wordsOf("labels.2.fraction")).toEqual(wordsOf("labels[].fraction"));
    const ofMethods = explainKey("method.momentum").map(({ methods, default: value }) => [methods, value]);
    expect(ofMethods).toEqual([
      [["simclr-v2"], 0.999],
      [["moco-v2"], 0.999],
      [["byol"], 0.996],
    ]);
  });

  it("suggests the nearest key, or those beside it", () => {
    expect(() => explainKey("pretrain.effectivBatch")).toThrow(
      'the configuration has no key "pretrain.effectivBatch". Did you mean "pretrain.effectiveBatch"? There are pretrain.batchSize, ',
    );
    expect(() => explainKey("zzzzzzzzzzzz")).toThrow(
      'no key "zzzzzzzzzzzz". There are extends, name, seed, output, backend, ',
    );
  });

  it("is a JSON Schema that refuses unknown keys", () => {
    const schema = configJsonSchema();
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(expect.arrayContaining(["name", "data", "labels", "finetune"]));
  });

  it("is the page in docs, which `npm run docs:config` writes", () => {
    const page = configPage();
    for (const { key } of configKeys().filter(({ key: each }) => each.includes(".")))
      expect(page).toContain(`\`${key}\``);
    expect(readFileSync(new URL("../../../../docs/config.md", import.meta.url), "utf8")).toBe(page);
  });
});
