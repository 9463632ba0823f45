import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError, Random } from "@simclr/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TrainingState } from "../state.js";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.js";
import { latestCheckpoint, listCheckpoints, pruneCheckpoints, setAsideNewer } from "./checkpoint-folder.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-checkpoint-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const stateAt = (step: number): TrainingState => ({
  step,
  weights: {
    "encoder/conv/kernel": { shape: [2, 2], data: Float32Array.of(step, 0.1, Number.NaN, -0) },
    "encoder/bias": { shape: [1], data: Float32Array.of(1e-40) }, // a subnormal number
  },
  slots: { "encoder/bias/momentum": { shape: [1], data: Float32Array.of(-3) } },
  meta: { task: "simclr", optimizer: "lars", stepsPerEpoch: 40 },
  hooks: {},
});

const METADATA = {
  architecture: { kind: "resnet", depth: 18, width: 0.25 },
  recipe: { temperature: 0.5 },
  preprocessing: { size: 32 },
  classNames: ["Katze", "hund 🐕"],
  metrics: { loss: 4.25 },
};

async function refusal(path: string): Promise<string> {
  const error: unknown = await loadCheckpoint(path).catch((e) => e);
  expect(error).toBeInstanceOf(CheckpointError);
  return (error as Error).message;
}

describe("saveCheckpoint", () => {
  it("writes one folder that holds everything, and loadCheckpoint gives it back", async () => {
    const path = await saveCheckpoint(folder, { state: stateAt(123), metadata: METADATA });
    expect(path).toBe(join(folder, "step-00000123"));
    expect(await readdir(folder)).toEqual(["step-00000123"]);
    expect((await readdir(path)).sort()).toEqual(["checkpoint.json", "optimizer.safetensors", "weights.safetensors"]);
    expect(await loadCheckpoint(path)).toEqual({ path, state: stateAt(123), metadata: METADATA });
  });

  it("holds what hooks have to say, numbers in a file of their own", async () => {
    const hooks = {
      ema: { values: { decay: 0.5 }, arrays: { "a:b": { shape: [2], data: Float32Array.of(1, 2) } } },
      "early-stop": { values: { best: null } },
    };
    const path = await saveCheckpoint(folder, { state: { ...stateAt(1), hooks } });
    expect(await readdir(path)).toContain("hooks.safetensors");
    const { state } = await loadCheckpoint(path);
    expect(state.hooks).toEqual({ ...hooks, "early-stop": { values: { best: null }, arrays: {} } });
  });

  it("lists size and SHA-256 of every file", async () => {
    const path = await saveCheckpoint(folder, { state: stateAt(1) });
    const { files, format, formatVersion } = JSON.parse(await readFile(join(path, "checkpoint.json"), "utf8"));
    expect([format, formatVersion]).toEqual(["simclr-checkpoint", 2]);
    for (const name of ["weights.safetensors", "optimizer.safetensors"]) {
      const bytes = await readFile(join(path, name));
      expect(files[name]).toEqual({ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
    }
  });

  it("replaces a checkpoint of the same step", async () => {
    await saveCheckpoint(folder, { state: stateAt(7), metadata: { metrics: { loss: 1 } } });
    const path = await saveCheckpoint(folder, { state: stateAt(7), metadata: { metrics: { loss: 2 } } });
    expect((await loadCheckpoint(path)).metadata.metrics).toEqual({ loss: 2 });
    expect(await readdir(folder)).toEqual(["step-00000007"]);
  });

  it("removes what a process that was killed left behind, and nothing else", async () => {
    const names = [
      ".step-00000001.999999999.0.tmp",
      `.step-00000001.${process.pid}.7.tmp`,
      ".step-00000001.1.0.tmp",
      "notes",
    ];
    for (const name of names) await mkdir(join(folder, name));
    await saveCheckpoint(folder, { state: stateAt(2) });
    expect((await readdir(folder)).sort()).toEqual([".step-00000001.1.0.tmp", "notes", "step-00000002"]); // process 1 runs
  });

  it("says what is in the way when it cannot write, and leaves earlier ones alone", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const error: unknown = await saveCheckpoint(join(file, "run"), { state: stateAt(1) }).catch((e) => e);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toMatch(
      /^Cannot save the checkpoint .*step-00000001: ENOTDIR.* Earlier checkpoints are untouched\. Check free space and permissions of /,
    );
  });
});

describe("loadCheckpoint", () => {
  let path = "";
  beforeEach(async () => {
    path = await saveCheckpoint(folder, { state: stateAt(5), metadata: METADATA });
  });

  it("refuses a file that was cut short", async () => {
    const { length } = await readFile(join(path, "weights.safetensors"));
    await truncate(join(path, "weights.safetensors"), length - 3);
    expect(await refusal(path)).toBe(
      `The checkpoint ${path} cannot be used: weights.safetensors is cut short: it has ${length - 3} of ${length} bytes. ` +
        "Load another checkpoint of the run, or copy this one again.",
    );
  });

  it("refuses a file that grew", async () => {
    await writeFile(join(path, "optimizer.safetensors"), "x", { flag: "a" });
    expect(await refusal(path)).toMatch(/optimizer\.safetensors has \d+ bytes, where at most \d+ are expected/);
  });

  it.each(["weights.safetensors", "optimizer.safetensors", "checkpoint.json"])(
    "refuses %s with any one byte altered",
    async (name) => {
      const original = await readFile(join(path, name));
      const random = Random.fromSeed(9);
      for (let i = 0; i < 60; i++) {
        const bytes = Buffer.from(original);
        const at = random.integer(0, bytes.length - 1); // the last byte of the JSON file is its newline
        bytes[at] = bytes[at]! ^ (1 << random.integer(0, 8));
        await writeFile(join(path, name), bytes);
        // A changed blank between two tokens changes nothing that is read.
        if (name === "checkpoint.json" && isSameJson(bytes, original)) continue;
        const message = await refusal(path);
        if (name !== "checkpoint.json") expect(message).toContain(`${name} was altered (its SHA-256 does not match)`);
        else expect(message).toMatch(/checkpoint\.json (is damaged|was altered|does not say)|it has format version/);
      }
    },
  );

  it.each(["weights.safetensors", "optimizer.safetensors", "checkpoint.json"])(
    "names %s when it is missing",
    async (name) => {
      await rm(join(path, name));
      expect(await refusal(path)).toContain(`cannot be used: the file ${name} is missing. Load another checkpoint`);
    },
  );

  it("says that there is no such folder", async () => {
    const absent = join(folder, "step-00000099");
    expect(await refusal(absent)).toBe(
      `The checkpoint ${absent} cannot be used: there is no such folder. Check the path.`,
    );
  });

  const rewrite = async (change: (text: string) => string): Promise<void> => {
    const file = join(path, "checkpoint.json");
    await writeFile(file, change(await readFile(file, "utf8")));
  };

  it("refuses another format version, damaged JSON, altered JSON and other people's JSON", async () => {
    await rewrite((text) => text.replace('"formatVersion": 2', '"formatVersion": 3'));
    expect(await refusal(path)).toContain(
      "it has format version 3, this program reads versions 1 and 2. Use the release of simclr that wrote it.",
    );
    await rewrite((text) => text.replace('"formatVersion": 3', '"formatVersion": 2').replace('"step": 5', '"step": 6'));
    expect(await refusal(path)).toContain("checkpoint.json was altered (its checksum does not match)");
    await rewrite((text) => text.slice(0, -10));
    expect(await refusal(path)).toContain("checkpoint.json is damaged (");
    for (const text of ["null", "[]", "3", "{}"]) {
      await rewrite(() => text);
      expect(await refusal(path)).toContain("checkpoint.json does not say that it is a simclr-checkpoint");
    }
  });
});

function isSameJson(a: Buffer, b: Buffer): boolean {
  try {
    return JSON.stringify(JSON.parse(a.toString())) === JSON.stringify(JSON.parse(b.toString()));
  } catch {
    return false;
  }
}

describe("latestCheckpoint", () => {
  it("is the newest that is whole, and tells which it passed over", async () => {
    for (const step of [10, 20, 30]) await saveCheckpoint(folder, { state: stateAt(step) });
    await truncate(join(folder, "step-00000030", "weights.safetensors"), 4);
    await rm(join(folder, "step-00000020", "checkpoint.json"));
    const { checkpoint, damaged } = await latestCheckpoint(folder);
    expect(checkpoint?.state).toEqual(stateAt(10));
    expect(damaged.map(({ path }) => path)).toEqual([join(folder, "step-00000030"), join(folder, "step-00000020")]);
    expect(damaged[0]!.error.message).toContain("weights.safetensors is cut short");
    expect(damaged[1]!.error.message).toContain("the file checkpoint.json is missing");
  });

  it("is none in an empty or absent folder, and in one with damaged ones only", async () => {
    expect(await latestCheckpoint(folder)).toEqual({ checkpoint: undefined, damaged: [] });
    expect(await latestCheckpoint(join(folder, "absent"))).toEqual({ checkpoint: undefined, damaged: [] });
    await mkdir(join(folder, "step-00000001"));
    const { checkpoint, damaged } = await latestCheckpoint(folder);
    expect(checkpoint).toBeUndefined();
    expect(damaged).toHaveLength(1);
  });

  it("finds the one that was being replaced when the process was killed", async () => {
    const path = await saveCheckpoint(folder, { state: stateAt(3) });
    await rename(path, `${path}.old`);
    const { checkpoint } = await latestCheckpoint(folder);
    expect(checkpoint?.state).toEqual(stateAt(3));
    await saveCheckpoint(folder, { state: stateAt(3) });
    expect(await readdir(folder)).toEqual(["step-00000003"]);
  });

  it("orders steps as numbers, beyond eight digits too", async () => {
    for (const step of [99_999_999, 100_000_000, 5]) await saveCheckpoint(folder, { state: stateAt(step) });
    expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([100_000_000, 99_999_999, 5]);
  });
});

it("pruneCheckpoints keeps the newest", async () => {
  for (const step of [1, 2, 3, 4]) await saveCheckpoint(folder, { state: stateAt(step) });
  await pruneCheckpoints(folder, 2);
  expect((await readdir(folder)).sort()).toEqual(["step-00000003", "step-00000004"]);
});

it("setAsideNewer renames what is newer than a step, and removes nothing", async () => {
  for (const step of [1, 2, 3]) await saveCheckpoint(folder, { state: stateAt(step) });
  await setAsideNewer(folder, 2);
  await cp(join(folder, "step-00000002"), join(folder, "step-00000003"), { recursive: true });
  await setAsideNewer(folder, 2);
  expect((await readdir(folder)).sort()).toEqual([
    "step-00000001",
    "step-00000002",
    "step-00000003.set-aside-1",
    "step-00000003.set-aside-2",
  ]);
  expect((await latestCheckpoint(folder)).checkpoint?.state.step).toBe(2);
  const kept = await readFile(join(folder, "step-00000003.set-aside-1", "checkpoint.json"), "utf8");
  expect(JSON.parse(kept).step).toBe(3);
});
