import { fileURLToPath } from "node:url";
import { useBackend } from "@simclr/backends";
import type { TrainingRun } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { pretrainLoss, pretrainRecipe } from "../build.js";
import { parseConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { buildHooks, checkHooks, hookPlugins } from "./build-hooks.js";
import { pretrainMethod } from "./build-method.js";
import { checkParts } from "./check-parts.js";
import { openParts } from "./parts.js";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/plugins/${name}`, import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

type Settings = Readonly<Record<string, unknown>>;

/** A config with these plugins, in JSON, which is YAML. */
function configOf(plugins: readonly string[], pretrain: Settings = {}, channels = 3, method: Settings = {}): Config {
  const optimizer = { learningRate: 0.1 };
  const text = {
    name: "tiny",
    plugins,
    data: { train: "images", test: "images", imageSize: 8, channels },
    method,
    pretrain: { batchSize: 4, steps: 1, optimizer, ...pretrain },
    labels: [{ perClass: 1 }],
    finetune: { batchSize: 4, steps: 1, optimizer },
  };
  return parseConfig(JSON.stringify(text), `${HERE}tiny.yaml`);
}

/** All that a run does with plugins before it trains. */
async function prepare(plugins: readonly string[], pretrain: Settings = {}, channels = 3, settings: Settings = {}) {
  const config = configOf(plugins.map(fixture), pretrain, channels, settings);
  const parts = await openParts(config);
  const recipe = pretrainRecipe(config, parts);
  const loss = pretrainLoss(config, parts);
  const method = pretrainMethod({ config, parts });
  const before = tf.memory().numTensors;
  await checkParts(config, recipe, loss, method, parts);
  expect(tf.memory().numTensors).toBe(before);
  return { parts, recipe: recipe.recipe, loss, method };
}
const withSteps = (...recipe: unknown[]) => ({ augmentation: { recipe } });

beforeAll(async () => {
  await useBackend("cpu");
});

describe("plugins", () => {
  it("come from TypeScript and JavaScript, as definitions or as one object, and stand beside what is built in", async () => {
    const { parts, recipe, loss } = await prepare(["tint.ts", "several.mjs"], {
      loss: { name: "several-distance", power: 1 },
      ...withSteps(
        "randomResizedCrop",
        { name: "randomApply", probability: 0.5, steps: ["flipLeftRight", { name: "tint", amount: 0.5 }] },
        "several-copy",
        "clip",
      ),
    });
    expect(
      parts.plugins.map(({ name, version, sha256, definitions }) => [name, version, sha256.length, definitions.length]),
    ).toEqual([
      ["tint", undefined, 64, 1],
      ["several", "1.2.3", 64, 2],
    ]);
    expect(recipe.map(({ name }) => name)).toEqual(["randomResizedCrop", "randomApply", "several-copy", "clip"]);
    expect(recipe[0]!.crop?.size).toBe(8); // data.imageSize
    expect(tf.tidy(() => loss!.ofViews(tf.tensor2d([[3, 1]]), tf.tensor2d([[1, 1]])).arraySync())).toBe(1);
  });

  it.each([
    [
      "no such file",
      ["nowhere.ts"],
      /^plugins: there is no file .*nowhere\.ts\. Give a path relative to the configuration's folder/,
    ],
    [
      "a module that cannot be loaded",
      ["broken.mjs"],
      /^plugins: .*broken\.mjs cannot be loaded: it imports package-that-nobody-installed, which is not installed\. Install it: npm install package-that-nobody-installed$/,
    ],
    [
      "a peer that is not installed, in TypeScript too",
      ["peerless/peerless.ts"],
      /^plugins: .*peerless\.ts cannot be loaded: it imports @nobody\/peer, which is not installed\. Install it: npm install @nobody\/peer@">=1 <2"$/,
    ],
    [
      "a module that throws",
      ["throwing.ts"],
      /^plugins: .*throwing\.ts cannot be loaded: no licence found\. Correct .*throwing\.ts\.$/,
    ],
    [
      "no definition",
      ["nothing.mjs"],
      /nothing\.mjs: must export what defineAugmentation, defineLoss, defineMethod, defineDataset \(with `open`\), defineEncoder, defineHead or defineHook gives, .*; exports makeTint \(function\)\. Export the definition itself/,
    ],
    [
      "another interface",
      ["old.mjs"],
      /old\.mjs: plugin "old": `apiVersion` must be 1, the plugin interface of this simclr; received 0\./,
    ],
    [
      "a name that is built in",
      ["taken.mjs"],
      /^plugins: taken: the name of its augmentation "grayscale" is taken by the one that is built in\. Rename it in /,
    ],
    [
      "the same names twice",
      ["tint.ts", "tint.ts"],
      /the name of its augmentation "tint" is taken by the one of the plugin tint \(.*tint\.ts\)\. Rename it in .*tint\.ts/,
    ],
  ])("says what is wrong: %s", async (_, plugins, message) => {
    await expect(prepare(plugins)).rejects.toThrow(message);
  });

  it("says which package it cannot find, and from where", async () => {
    await expect(openParts(configOf(["simclr-plugin-nowhere"]))).rejects.toThrow(
      `plugins: cannot find the package "simclr-plugin-nowhere" from ${HERE.slice(0, -1)}. Install it there (npm install simclr-plugin-nowhere)`,
    );
  });

  it.each([
    [
      "an unknown step",
      withSteps("randomCrop", "tnit"),
      'pretrain.augmentation.recipe[0]: unknown augmentation "randomCrop".',
    ],
    [
      "a misspelt plugin",
      withSteps("clip", "tnit"),
      'pretrain.augmentation.recipe[1]: unknown augmentation "tnit". Did you mean "tint"?',
    ],
    [
      "a misspelt option",
      withSteps({ name: "tint", amuont: 1 }),
      'recipe[0]: unknown option "amuont" of tint. Did you mean "amount"? It has amount. Correct or remove it.',
    ],
    [
      "an option of the wrong kind",
      withSteps({ name: "tint", amount: "much" }),
      'recipe[0]: augmentation "tint": `amount` must be a finite number, as its default 0.25 is; received "much".',
    ],
    ["an option out of range", withSteps({ name: "rotate", degrees: 400 }), "recipe[0]: rotate: `degrees` must be"],
    [
      "steps within steps",
      withSteps({ name: "oneOf", choices: ["clip", { name: "tint", amounts: 1 }] }),
      'recipe[0].choices[1]: unknown option "amounts" of tint',
    ],
    ["a composition without steps", withSteps({ name: "compose" }), "recipe[0].steps: must be a list of augmentations"],
    [
      "an unknown loss",
      { loss: "vicreg" },
      'pretrain.loss: unknown loss "vicreg". Did you mean "vic-reg"? Known here: decoupled-nt-xent, barlow-twins, vic-reg, several-distance.',
    ],
    [
      "a loss of other inputs",
      { loss: "triplet" },
      'pretrain.loss: the loss "triplet" needs more than the projections of two views.',
    ],
    [
      "NT-Xent by name",
      { loss: { name: "nt-xent", temperature: 1 } },
      "NT-Xent is the loss that pretraining takes without `loss`.",
    ],
    [
      "a loss option",
      { loss: { name: "several-distance", pwoer: 1 } },
      'pretrain.loss: unknown option "pwoer" of several-distance. Did you mean "power"? It has power.',
    ],
    ["a loss that is not finite", { loss: { name: "barlow-twins", redundancyWeight: -1 } }, "pretrain.loss: "],
  ])("says what is wrong in the configuration: %s", async (_, pretrain, message) => {
    await expect(prepare(["tint.ts", "several.mjs"], pretrain)).rejects.toThrow(message);
  });

  it.each([
    [
      "leaves a tensor behind",
      withSteps("leaky"),
      /^plugins: leaks \(.*leaks\.mjs\): augmentation "leaky" left 1 tensor in memory besides its result\. Wrap its body in tf\.tidy\.$/,
    ],
    [
      "changes the shape",
      withSteps("halved"),
      /^plugins: leaks \(.*\): checkAugmentation: "halved" must return float32 \[6, 8, 8, 3\]; returned float32 \[6, 8, 1, 3\]\./,
    ],
    [
      "draws from elsewhere",
      withSteps("unseeded"),
      /checkAugmentation: "unseeded" must give image 0 the same values when it was applied again with the same random streams/,
    ],
    [
      "leaks in a loss",
      { loss: "leaky-loss" },
      /^plugins: leaks \(.*\): checkLoss: the loss "leaky-loss" must keep its promises.*\n- memory: a call must make 1 new tensors in all; left 2\. Use tf\.tidy/,
    ],
  ])("tries each before training, and says which one %s", async (_, pretrain, message) => {
    await expect(prepare(["leaks.mjs"], pretrain)).rejects.toThrow(message);
  });

  it("supply methods, which are checked and get their options", async () => {
    const { method, parts } = await prepare(["methods.mjs"], {}, 3, { name: "pull", power: 3 });
    expect(method.options).toEqual({ power: 3 });
    expect(method.fromPlugin?.name).toBe("methods");
    expect(parts.plugins[0]!.definitions.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "method pull",
      "method untidy",
    ]);
  });

  it.each([
    [
      "a misspelt name",
      { name: "pul" },
      'method.name: unknown method "pul". Did you mean "pull"? Known here: simclr, ',
    ],
    [
      "a misspelt option",
      { name: "pull", powre: 3 },
      'method: unknown option "powre" of pull. Did you mean "power"? It has power. Correct or remove it.',
    ],
    [
      "an option out of range",
      { name: "pull", power: -1 },
      'method: method "pull": `power`: Too small: expected number to be >0. Its options are power; correct or remove what does not fit.',
    ],
    [
      "a broken promise",
      { name: "untidy" },
      /^plugins: methods \(.*methods\.mjs\): checkMethod: the method "untidy" must keep its promises; 1 of 5 checks failed\. .*\n- memory: /,
    ],
  ])("says what is wrong with a method: %s", async (_, method, message) => {
    await expect(prepare(["methods.mjs"], {}, 3, method)).rejects.toThrow(message);
  });

  it("refuses a recipe for RGB where images have four channels, and takes one for any", async () => {
    await expect(prepare([], {}, 4)).rejects.toThrow(
      "pretrain.augmentation: the recipe cannot take images of 4 channels and 8 pixels: colorJitter: `images` must have shape " +
        "[any, any, any, 3]; received [2, 8, 8, 4]. Decode images as RGB, or take colorJitter and grayscale out of the recipe.",
    );
    await prepare([], { augmentation: { recipe: "crop-only" } }, 4);
  });
});

describe("hooks of plugins", () => {
  const context = { folder: ".", say: () => {} };
  const opened = async (pretrain: Settings) => {
    const config = configOf([fixture("hooks.mjs")], pretrain);
    return { config, parts: await openParts(config) };
  };

  it("are made anew for each training, with the configuration's options, in its order", async () => {
    const { config, parts } = await opened({ hooks: ["quiet", { name: "halve", everySteps: 2 }] });
    checkHooks(config, parts);
    const [quiet, halve] = buildHooks(config.pretrain, "pretrain", parts, context);
    expect([quiet!.name, halve!.name]).toEqual(["quiet", "halve"]);
    const start = { step: 5, epoch: 0, stepInEpoch: 5, learningRate: 1 };
    halve!.stepStart!({} as TrainingRun, start);
    expect(start.learningRate).toBe(0.25);
    expect(buildHooks(config.pretrain, "pretrain", parts, context)[1]).not.toBe(halve);
    expect(hookPlugins(config.pretrain, "pretrain", parts)).toEqual(
      new Array(2).fill(`hooks  ${parts.plugins[0]!.sha256}`),
    );
  });

  it.each([
    ["halv", 'pretrain.hooks[0]: unknown hook "halv". Did you mean "halve"?'],
    [
      { name: "halve", everyStep: 2 },
      'pretrain.hooks[0]: unknown option "everyStep" of halve. Did you mean "everySteps"?',
    ],
    [{ name: "halve", everySteps: "2" }, 'pretrain.hooks[0]: hook "halve": `everySteps` must be a finite number'],
    [{ name: "quiet", loud: true }, 'unknown option "loud" of quiet. It has no options.'],
  ])("say what is wrong before anything is trained: %j", async (hook, message) => {
    const { config, parts } = await opened({ hooks: [hook] });
    expect(() => checkHooks(config, parts)).toThrow(message);
  });
});
