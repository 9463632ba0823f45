import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isSimclrError } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { loadConfig, parseConfig } from "./load.js";

const GOOD = `name: tiny
data: { train: images, test: test.tar, imageSize: 32 }
pretrain:
  batchSize: 64
  epochs: 2
  optimizer: { learningRate: 0.1 }
labels: [{ perClass: 10 }]
finetune:
  batchSize: 64
  steps: 10
  optimizer: { learningRate: 0.05 }
`;

function messageOf(text: string, set: readonly string[] = []): string {
  try {
    parseConfig(text, "tiny.yaml", { set });
  } catch (error) {
    expect(isSimclrError(error)).toBe(true);
    return (error as Error).message;
  }
  return "accepted";
}

describe("parseConfig", () => {
  it("fills in defaults and resolves paths from the file's folder", () => {
    const config = parseConfig(GOOD, "configs/tiny.yaml");
    expect(config.model).toEqual({
      depth: 18,
      width: 1,
      selectiveKernel: false,
      stem: "auto",
      checkpointing: "none",
      head: { layers: 3, dimension: 128 },
    });
    expect(config.method).toEqual({ name: "simclr", temperature: 0.1, scale: "paper" });
    expect(config.data.train).toBe(resolve("configs/images"));
    expect(config.output).toBe(resolve("runs/tiny"));
  });

  it("resolves plugins from the file's folder: paths to files, names to packages", () => {
    const text = `plugins: [./aug.ts, simclr-plugin-foo, "@scope/bar"]\n${GOOD}`;
    const config = parseConfig(text, "configs/tiny.yaml");
    const from = resolve("configs");
    expect(config.plugins).toEqual([
      resolve("configs/aug.ts"),
      { package: "simclr-plugin-foo", from },
      { package: "@scope/bar", from },
    ]);
    expect(parseConfig(JSON.stringify(config), "elsewhere/config.yaml").plugins).toEqual(config.plugins);
  });

  it("fills in the options of the method, and gives the same for what it gave", () => {
    const config = parseConfig(`${GOOD}method: { name: moco-v2, queueSize: 512 }\n`, "tiny.yaml");
    const options = { temperature: 0.2, momentum: 0.999, queueSize: 512, symmetric: false };
    expect(config.method).toEqual({ name: "moco-v2", ...options });
    expect(parseConfig(JSON.stringify(config), "tiny.yaml")).toEqual(config);
    expect(parseConfig(GOOD, "tiny.yaml", { set: ["method.temperature=0.5"] }).method).toEqual({
      name: "simclr",
      temperature: 0.5,
      scale: "paper",
    });
  });

  it("takes the options of optimizers only where they belong", () => {
    const withOptimizer = (optimizer: string) => GOOD.replace("{ learningRate: 0.1 }", optimizer);
    const groups = "groups: [{ under: head, learningRateScale: 2 }]";
    const { optimizer } = parseConfig(
      withOptimizer(`{ name: adamw, learningRate: 0.1, beta2: 0.95, schedule: linear, ${groups} }`),
      "tiny.yaml",
    ).pretrain;
    expect(optimizer).toMatchObject({ name: "adamw", beta2: 0.95, groups: [{ under: "head", learningRateScale: 2 }] });
    expect(messageOf(withOptimizer("{ learningRate: 0.1, beta2: 0.95 }"))).toContain(
      "`beta1`, `beta2` and `epsilon` belong to adamw",
    );
    expect(messageOf(withOptimizer("{ learningRate: 0.1, momentumStyle: popular }"))).toContain(
      "only lars has a `momentumStyle`",
    );
    expect(messageOf(withOptimizer("{ learningRate: 0.1, groups: [{ weightDecay: 0 }] }"))).toContain(
      "give `under`, `roles` or both",
    );
  });

  it("takes --data from the working directory, and assignments before validation", () => {
    const config = parseConfig(GOOD, "configs/tiny.yaml", {
      data: "photos",
      set: ["pretrain.epochs=7", "labels.0.perClass=3"],
    });
    expect(config.data.train).toBe(resolve("photos/images"));
    expect(config.data.test).toBe(resolve("photos/test.tar"));
    expect(config.pretrain.epochs).toBe(7);
    expect(config.labels).toEqual([{ perClass: 3 }]);
  });

  it("resolves lists of labels below the data's root, and leaves URLs alone", () => {
    const text = GOOD.replace("perClass: 10", "list: lists/1percent.txt").replace(
      "train: images",
      'root: /photos, train: "https://example.org/train-{00..03}.tar", split: train+unlabelled, columns: { label: kind }',
    );
    const config = parseConfig(text, "configs/tiny.yaml");
    expect(config.labels).toEqual([{ list: "/photos/lists/1percent.txt" }]);
    expect(config.data).toMatchObject({
      train: "https://example.org/train-{00..03}.tar",
      test: "/photos/test.tar",
      split: "train+unlabelled",
      testSplit: "test",
      columns: { label: "kind" },
    });
  });

  it.each([
    [
      "a format that is not known",
      GOOD.replace("imageSize: 32", "imageSize: 32, format: parket"),
      /^tiny\.yaml:2:\d+: `data\.format`: .*; received "parket"\. Did you mean "parquet"\?/m,
    ],
    [
      "a range that is none",
      GOOD.replace("imageSize: 32", "imageSize: 32, range: [1, 0]"),
      /^tiny\.yaml:2:\d+: `data\.range`: must be \[low, high\] with low < high; received \[1,0\]\./m,
    ],
    [
      "an unknown key, with the nearest known one",
      GOOD.replace("  batchSize: 64\n  epochs", "  batchSise: 64\n  epochs"),
      /^tiny\.yaml:4:3: unknown key "pretrain\.batchSise"\. Did you mean "batchSize"\? Known here: .*effectiveBatch/m,
    ],
    [
      "a value of the wrong kind",
      GOOD.replace("epochs: 2", "epochs: many"),
      /^tiny\.yaml:5:11: `pretrain\.epochs`: invalid input: expected number, received string; received "many"\./m,
    ],
    [
      "a missing key",
      GOOD.replace(", imageSize: 32", ""),
      /^tiny\.yaml:2:7: `data\.imageSize`: expected number; it is missing\./m,
    ],
    [
      "a value out of range",
      GOOD.replace("perClass: 10", "fraction: 1.5"),
      /^tiny\.yaml:7:22: `labels\.0\.fraction`: .*<=1; received 1\.5\./m,
    ],
    [
      "two lengths at once",
      GOOD.replace("steps: 10", "steps: 10\n  epochs: 3"),
      /^tiny\.yaml:11:11: `finetune\.epochs`: give exactly one of `epochs` and `steps`; received 3\./m,
    ],
    [
      "two budgets at once",
      GOOD.replace("perClass: 10", "perClass: 10, fraction: 0.1"),
      /^tiny\.yaml:7:10: `labels\.0`: give exactly one of `fraction`, `perClass`, `count`, `given` and `list`/m,
    ],
    [
      "selective kernels where there is no place for them",
      `${GOOD}model: { depth: 34, selectiveKernel: true }\n`,
      /^tiny\.yaml:12:\d+: `model\.selectiveKernel`: selective kernels need bottlenecks, .*; received true\./m,
    ],
    [
      "a recipe that is neither a name nor a list",
      GOOD.replace("epochs: 2", "epochs: 2\n  augmentation: { recipe: cifarr }"),
      /^tiny\.yaml:6:27: `pretrain\.augmentation\.recipe`: must be one of simclr, simclr-v2, cifar, crop-only, or a list of augmentations, each a name or \{ name: …, options … \}; received "cifarr"\./m,
    ],
    [
      "options of a built-in recipe beside a list",
      GOOD.replace("epochs: 2", "epochs: 2\n  augmentation: { recipe: [clip], strength: 1 }"),
      /^tiny\.yaml:6:17: `pretrain\.augmentation`: `strength`, `area` and `sampler` belong to the built-in recipes; give them to the steps of the list/m,
    ],
    [
      "an unknown method",
      `${GOOD}method: { name: mocco-v2 }\n`,
      /^tiny\.yaml:12:17: `method\.name`: unknown method\. Did you mean "moco-v2"\? Built in are simclr, .*; received "mocco-v2"\./m,
    ],
    [
      "fine-tuning from a layer that the head does not have",
      GOOD.replace("steps: 10", "steps: 10\n  headLayer: 4"),
      /^tiny\.yaml:\d+:\d+: `finetune\.headLayer`: must be at most 3, the layers of the head \(`model\.head\.layers`\); 0 is the encoder; received 4\./m,
    ],
    [
      "an option that the method does not have",
      `${GOOD}method:\n  name: byol\n  momentun: 0.9\n`,
      /^tiny\.yaml:14:3: unknown key "method\.momentun"\. Did you mean "momentum"\? Known here: name, momentum, predictorDimension\./m,
    ],
    [
      "an option out of its range",
      `${GOOD}method:\n  name: byol\n  momentum: 1.5\n`,
      /^tiny\.yaml:14:13: `method\.momentum`: too big.*; received 1\.5\./m,
    ],
    [
      "an effective batch that the batch does not divide",
      GOOD.replace("epochs: 2", "epochs: 2\n  effectiveBatch: 100"),
      /^tiny\.yaml:6:19: `pretrain\.effectiveBatch`: must be a multiple of `pretrain\.batchSize`; received 100\./m,
    ],
    ["broken YAML", "name: [unclosed", /^tiny\.yaml:1:\d+: /],
  ])("says where and what is wrong with %s", (_, text, message) => {
    expect(messageOf(text)).toMatch(message);
  });

  it("refuses an assignment without a value or to nowhere", () => {
    expect(messageOf(GOOD, ["epochs"])).toBe("--set epochs: expected key=value, such as pretrain.epochs=10.");
    expect(messageOf(GOOD, ["name.first=x"])).toBe(
      '--set name.first=x: there is no place "name.first" in the configuration.',
    );
    expect(messageOf(GOOD, ["pretrain.epoch=3"])).toMatch(
      /^--set pretrain\.epoch=3: unknown key "pretrain\.epoch"\. Did you mean "epochs"\?/,
    );
  });

  it("refuses cached logits where teacher and student would share a crop", () => {
    const cached = "distill: { batchSize: 4, steps: 1, optimizer: { learningRate: 1 }, students: [{ name: self }] }\n";
    expect(messageOf(GOOD + cached, ["distill.teacher=cached"])).toMatch(
      /`distill\.teacher`: cached logits answer for the test-time view, .* give `studentAugmentation`, .* or leave the teacher live/,
    );
    const own = ["distill.teacher=cached", "distill.studentAugmentation=[randomResizedCrop]"];
    expect(messageOf(GOOD + cached, [...own, "distill.area=[0.5,1]"])).toMatch(
      /`distill\.area`: with cached logits there/,
    );
    expect(messageOf(GOOD + cached, own)).toBe("accepted");
  });

  it("names a file that cannot be read", async () => {
    await expect(loadConfig("nowhere.yaml")).rejects.toThrow(
      /^nowhere\.yaml: cannot read the configuration: there is no such file\..*preset \(.*cifar10-small, /,
    );
  });
});

describe("loadConfig", () => {
  it("says the place of a file of labels that is not there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "simclr-config-"));
    try {
      const file = join(folder, "tiny.yaml");
      writeFileSync(file, GOOD.replace("{ perClass: 10 }", "{ list: 1percent.txt }"));
      await expect(loadConfig(file)).rejects.toThrow(
        `${file}:7:18: \`labels.0.list\`: there is no file ${join(folder, "1percent.txt")}. Paths are relative to data.root; correct the path.`,
      );
      writeFileSync(join(folder, "1percent.txt"), "a.jpg\n");
      expect((await loadConfig(file)).labels).toEqual([{ list: join(folder, "1percent.txt") }]);
      writeFileSync(file, GOOD.replace("imageSize: 32", "imageSize: 32, testLabels: test.csv"));
      await expect(loadConfig(file)).rejects.toThrow(
        /tiny\.yaml:2:\d+: `data\.testLabels`: there is no file .*test\.csv\./,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
