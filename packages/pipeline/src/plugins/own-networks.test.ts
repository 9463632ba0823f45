import { copyFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { useBackend } from "@simclr/backends";
import { Random, readWeights } from "@simclr/core";
import { saveModel } from "@simclr/exchange/node";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildNetwork } from "../build.js";
import { parseConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { checkMemory } from "../memory/check-memory.js";
import { loadClassifier } from "../predict/load-classifier.js";
import { loadTrainedModel } from "../predict/load-trained-model.js";
import { run } from "../run/run.js";
import { checkArchitectures, checkNetworks } from "./check-networks.js";
import { openParts } from "./parts.js";

const FIXTURE = fileURLToPath(new URL("../../fixtures/plugins/networks.mjs", import.meta.url));

type Settings = Readonly<Record<string, unknown>>;

function configOf(model: Settings, change: Settings = {}, file = FIXTURE): Config {
  const optimizer = { learningRate: 0.1 };
  const labelled = { batchSize: 20, steps: 3, optimizer };
  const config = {
    name: "own",
    plugins: [file],
    backend: { name: "onednn" },
    data: { train: "shapes", test: "shapes", imageSize: 16, limit: 60 },
    model,
    pretrain: { batchSize: 30, steps: 3, optimizer },
    labels: [{ perClass: 2 }],
    finetune: labelled,
    evaluate: { linear: { epochs: 1 } },
    ...change,
  };
  return parseConfig(JSON.stringify(config), join(tmpdir(), "own.yaml"));
}
const labelled = { batchSize: 20, steps: 3, optimizer: { learningRate: 0.1 } };

beforeAll(async () => {
  await useBackend("onednn");
});

describe("encoders and heads of plugins", () => {
  it.each<[string, Settings, Settings, string | RegExp]>([
    [
      "an unknown encoder",
      { encoder: "singel" },
      {},
      'model.encoder: unknown encoder "singel". Did you mean "single"? Known here: single, peeking.',
    ],
    [
      "an unknown option",
      { encoder: { name: "single", widht: 4 } },
      {},
      'model.encoder: unknown option "widht" of single. Did you mean "width"?',
    ],
    [
      "an option out of range",
      { encoder: { name: "single", width: 0 } },
      {},
      "model.encoder: single: `width` must be >= 1; received 0.",
    ],
    ["an unknown head", { head: { name: "plian" } }, {}, 'model.head: unknown head "plian". Did you mean "plain"?'],
    [
      "an option of another kind",
      { head: { name: "plain", lengths: 3 } },
      {},
      'model.head: head "plain": `lengths` must be a list, as its default [6,5] is; received 3.',
    ],
    [
      "fine-tuning from a layer that the head has not got",
      { head: { name: "plain" } },
      { finetune: { ...labelled, headLayer: 3 } },
      'finetune.headLayer: must be at most 2, the layers of the head "plain"; received 3. 0 is the encoder.',
    ],
    [
      "an encoder that breaks a promise",
      { encoder: "peeking" },
      {},
      /^plugins: networks \(.*networks\.mjs\): checkEncoder: the encoder "peeking" must keep its promises; 1 of 7 checks failed\. Correct it\.\n- independent rows: in inference, row 0 differs by/,
    ],
    [
      "a student's encoder",
      {},
      { distill: { ...labelled, students: [{ name: "own", encoder: "doubel" }] } },
      'distill.students[0].encoder: unknown encoder "doubel".',
    ],
  ])("say what is wrong: %s", async (_, model, change, message) => {
    const config = configOf(model, change);
    const before = tf.memory().numTensors;
    await expect(checkNetworks({ config, parts: await openParts(config) })).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[string, Settings, Settings, string]>([
    [
      "a width without whole channels",
      { width: 0.3 },
      {},
      "model: resNet: `widthMultiplier` must give whole channel counts, so 64 times it must be an integer; received 0.3",
    ],
    [
      "images too small for the stem",
      { stem: "imagenet" },
      {},
      "model: resNet: `imageSize` must be an integer >= 32; received 16. The imagenet stem reduces images 32 times.",
    ],
    [
      "a student without whole channels",
      {},
      { distill: { ...labelled, students: [{ name: "self" }, { name: "thin", width: 0.01 }] } },
      "distill.students[1]: resNet: `widthMultiplier` must give whole channel counts",
    ],
    [
      "a student that cannot start from the pretrained weights",
      {},
      { distill: { ...labelled, students: [{ name: "thin", width: 0.5, initialize: "pretrained" }] } },
      "distill.students[0].initialize: pretrained needs the teacher's architecture, and the student has another.",
    ],
    ["an encoder that no plugin has", { encoder: "nowhere" }, {}, 'model.encoder: unknown encoder "nowhere".'],
    ["a head that no plugin has", { head: { name: "nowhere" } }, {}, 'model.head: unknown head "nowhere".'],
  ])("are known before anything is made: %s", async (_, model, change, message) => {
    const config = configOf(model, change);
    const parts = await openParts(config);
    expect(() => checkArchitectures({ config, parts })).toThrow(message);
  });

  it.each<[string, Settings, Settings, string]>([
    [
      "a depth that there is not",
      { depth: 51 },
      {},
      "`model.depth`: invalid option: expected one of 18|34|50|101|152|200; received 51.",
    ],
    [
      "a ResNet besides",
      { encoder: "single", depth: 50 },
      {},
      "`model.encoder`: an encoder of a plugin takes the place of the ResNet: remove depth, width and what else describes that",
    ],
    [
      "freezing by groups",
      { encoder: "single" },
      { finetune: { ...labelled, fineTuneAfter: 2 } },
      "`finetune.fineTuneAfter`: an encoder of a plugin is trained as a whole, -1, or not at all, 4; received 2.",
    ],
    [
      "a student of the width of nothing",
      { encoder: "single" },
      { distill: { ...labelled, students: [{ name: "half", width: 0.5 }] } },
      "`distill.students`: a student that is a ResNet, where its teacher is none, needs `depth`",
    ],
    [
      "a misspelt key of the built-in head",
      { head: { layer: 2 } },
      {},
      'unknown key "model.head.layer". Did you mean "layers"? Known here: layers, dimension, hidden, name.',
    ],
  ])("are refused together with %s", (_, model, change, message) => {
    expect(() => configOf(model, change)).toThrow(message);
  });

  it("leave nothing where the head cannot be built after the encoder", async () => {
    const config = configOf({ encoder: "single", head: { name: "plain", lengths: [-1] } });
    const parts = await openParts(config);
    const before = tf.memory().numTensors;
    expect(() => buildNetwork({ config, parts }, 3, 1, Random.fromSeed(0))).toThrow(/^model\.head: /);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("have no predicted memory, which is said", () => {
    const students = [{ name: "self" }, { name: "res-net", depth: 18, width: 0.125 }];
    const config = configOf({ encoder: "single" }, { distill: { ...labelled, students } });
    expect(checkMemory(config)).toEqual(["pretrain", "finetune", "distill (self)"]);
  });
});

describe("a run with an encoder and a head of a plugin", () => {
  let folder: string;
  let plugin: string;
  const lines: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(fileURLToPath(new URL("../../fixtures/plugins", import.meta.url)), "own-"));
    plugin = join(folder, "networks.mjs");
    await copyFile(FIXTURE, plugin);
    const model = { encoder: { name: "single", width: 6 }, head: { name: "plain", lengths: [5, 4] } };
    const students = [
      { name: "self", initialize: "teacher" },
      { name: "smaller", encoder: { name: "single", width: 3 } },
      { name: "res-net", depth: 18, width: 0.0625 },
    ];
    const change = {
      output: join(folder, "run"),
      finetune: { ...labelled, fineTuneAfter: 4 },
      supervised: labelled,
      distill: { ...labelled, students },
      method: { name: "byol" }, // follows the network by a copy of it
    };
    const config = configOf(model, change, plugin);
    await run(config, {
      events: { line: (text) => lines.push(text), progress: { isTerminal: false, write: () => {} } },
    });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));
  const stage = (name: string): string => join(folder, "run", "2-per-class", name);

  it("says what it cannot predict", () => {
    expect(lines).toContain(
      "memory: not predicted for pretrain, supervised, finetune, distill (self), distill (smaller), whose encoder comes from a plugin",
    );
  });

  it("trains only what is not frozen", async () => {
    const [pretrained, tuned] = [
      await loadTrainedModel(join(folder, "run/pretrain")),
      await loadTrainedModel(stage("finetune")),
    ];
    const [before, after] = [await readWeights(pretrained.model.weights), await readWeights(tuned.model.weights)];
    for (const { name } of pretrained.model.encoder.weights) expect(after[name], name).toEqual(before[name]);
    expect(after["head/layer0/kernel"]).not.toEqual(before["head/layer0/kernel"]);
    pretrained.model.dispose();
    tuned.model.dispose();
  });

  it("leaves checkpoints from which each stage's network is made again", async () => {
    for (const [name, definition, width] of [
      ["supervised", "single", 6],
      ["distill-self", "single", 6],
      ["distill-smaller", "single", 3],
      ["distill-res-net", undefined, 32],
    ] as const) {
      const { network } = await loadClassifier(stage(name));
      const description = network.encoder.describe();
      expect([
        description.kind === "resnet" ? undefined : description.definition,
        network.encoder.featureDimension,
      ]).toEqual([definition, width]);
      network.dispose();
    }
  });

  it("leaves checkpoints that say which plugin is missing, was changed, or must be named", async () => {
    const file = join(folder, "own.safetensors");
    const { model } = await loadTrainedModel(stage("finetune"));
    await saveModel(file, model);
    model.dispose();
    await expect(loadTrainedModel(file)).rejects.toThrow(
      'The network has the encoder "single", which is not built in; definitions given: none. Pass what defineEncoder made of it, or name the plugin that holds it, with --plugin on the command line.',
    );
    const named = await loadTrainedModel(file, { plugins: [plugin] });
    named.model.dispose();

    await rename(plugin, `${plugin}.away`);
    await expect(loadTrainedModel(stage("finetune"))).rejects.toThrow(
      /finetune\/step-\d+: its network comes from the plugin "networks", which cannot be loaded: plugins: there is no file .*networks\.mjs\. .* Or name it with --plugin where it lies elsewhere now\./,
    );
    const elsewhere = await loadTrainedModel(stage("finetune"), { plugins: [FIXTURE] });
    elsewhere.model.dispose();
    await writeFile(plugin, 'export * from "../networks.mjs";\n');
    await expect(loadTrainedModel(stage("finetune"))).rejects.toThrow(
      /its network comes from the plugin "networks", which was changed since the training \(.*networks\.mjs\)\. Put the former one back, or name the file with --plugin/,
    );
  });
});
