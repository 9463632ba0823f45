import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, spawnSimclr, type Watch } from "./testing.js";

const TINY = `name: tiny
data: { train: shapes, test: shapes, imageSize: 32, limit: 200, testLimit: 500 }
model: { width: 0.0625, head: { layers: 2, dimension: 16 } }
method: { temperature: 0.5 }
pretrain: { batchSize: 40, epochs: 4, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 4 }]
finetune: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.05 } }
supervised: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.05 } }
distill: { batchSize: 40, steps: 6, rounds: 2, optimizer: { learningRate: 0.05 }, students: [{ name: self }] }
evaluate: { linear: { epochs: 5 } }
checkpoint: { everySeconds: 0.001 }
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-cli-"));
  await writeFile(join(folder, "tiny.yaml"), TINY);
});
afterAll(() => rm(folder, { recursive: true }));

/** The real command, in the tests' folder. */
const simclr = (args: readonly string[], watch?: Watch): Promise<Ended> => spawnSimclr(args, { cwd: folder, watch });

/** Loss of every step of a stage, as it was written. */
const losses = (run: string, ...stage: string[]): number[] =>
  readFileSync(join(folder, run, ...stage, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { loss: number }).loss);

/** The kernels in a model file, as the format has them: a length, a JSON header, bytes. */
function kernelsOf(file: string): Map<string, string> {
  const bytes = readFileSync(join(folder, file));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...tensors } = JSON.parse(bytes.toString("utf8", 8, start)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const kernels = Object.entries(tensors).filter(([name]) => name.endsWith("/kernel"));
  return new Map(
    kernels.map(
      ([
        name,
        {
          data_offsets: [from, to],
        },
      ]) => [name, bytes.toString("base64", start + from, start + to)],
    ),
  );
}

describe("simclr run", () => {
  let undisturbed: Ended;
  beforeAll(async () => {
    undisturbed = await simclr(["run", "tiny.yaml", "-o", "undisturbed"]);
  }, 120_000);

  it("ends with a table of every method, results and a report", () => {
    expect(undisturbed.stderr).toContain("backend: onednn");
    expect(undisturbed.stderr).toContain("test: 500 images from shapes, 500 labelled (50 of each class)");
    expect(undisturbed.status).toBe(0);
    for (const method of ["kNN", "linear probe", "supervised from scratch", "fine-tuned", "distilled (self)"])
      expect(undisturbed.stdout).toContain(method);
    const { accuracy, distillation } = JSON.parse(readFileSync(join(folder, "undisturbed/results.json"), "utf8"));
    // kNN and linear probe with all labels and with few; supervised, fine-tuned, distilled in two rounds.
    expect(accuracy).toHaveLength(8);
    const shares = (method: string) => accuracy.find((row: { method: string }) => row.method === method).top1;
    const [first, second] = distillation;
    expect([first.teacher.test, first.student.test]).toEqual([shares("fine-tuned"), shares("distilled (self)")]);
    expect([second.teacher.test, second.student.test, second.round]).toEqual([
      shares("distilled (self)"),
      shares("distilled (self, round 2)"),
      2,
    ]);
    expect(first.student.test - first.teacher.test).toBeCloseTo(first.corrected - first.spoiled, 9);
    for (const { top1 } of accuracy) expect(top1).toBeGreaterThanOrEqual(0);
    expect(readFileSync(join(folder, "undisturbed/report.html"), "utf8")).toContain("distilled (self)");
    expect(losses("undisturbed", "pretrain")).toHaveLength(21); // floor(200 * 4 / 40) + 1
  });

  it("shows in its report what it found, and makes the report again at any time", async () => {
    const page = readFileSync(join(folder, "undisturbed/report.html"), "utf8");
    const sections = [
      "accuracy",
      "label-efficiency",
      "views",
      "curves",
      "map",
      "neighbours",
      "distillation",
      "classes",
    ];
    for (const id of [...sections, "reliability", "run"]) expect(page).toContain(`<section id="${id}"`);
    expect(page).not.toContain("This run has not ended");
    const { accuracy } = JSON.parse(readFileSync(join(folder, "undisturbed/results.json"), "utf8"));
    const student = accuracy.find(({ method }: { method: string }) => method === "distilled (self)");
    const control = accuracy.find(({ method }: { method: string }) => method === "supervised from scratch");
    const { gained, lost } = student.againstBaseline;
    expect((gained - lost) / student.testCount).toBeCloseTo(student.top1 - control.top1, 9);

    const again = await simclr(["report", "undisturbed", "-o", "again/page.html"]);
    expect([again.status, again.stdout]).toEqual([0, "again/page.html\n"]);
    expect(readFileSync(join(folder, "again/page.html"), "utf8")).toBe(page);
    const missing = await simclr(["report", "nowhere"]);
    expect(missing.stderr).toMatch(/^error: nowhere holds nothing to report on yet \(ENOENT/);
    expect(missing.status).toBe(1);
  });

  it("goes on after SIGKILL in the middle of pretraining and ends with the same losses", async () => {
    const isMidway = (): boolean => {
      const stage = join(folder, "killed/pretrain");
      return existsSync(stage) && readdirSync(stage).some((name) => /^step-0+([5-9]|1\d)$/.test(name));
    };
    const timer = { handle: undefined as NodeJS.Timeout | undefined };
    const first = await new Promise<Ended>((resolve) => {
      const ended = simclr(["run", "tiny.yaml", "-o", "killed"], (_, child) => {
        timer.handle ??= setInterval(() => isMidway() && child.kill("SIGKILL"), 5);
      });
      void ended.then(resolve);
    });
    clearInterval(timer.handle);
    expect(first.status).toBeNull(); // by a signal
    expect(existsSync(join(folder, "killed/results.json"))).toBe(false);
    expect((await simclr(["report", "killed"])).stdout).toBe("killed/report.html\n");
    const page = readFileSync(join(folder, "killed/report.html"), "utf8");
    expect(page).toMatch(/This run has not ended; it is in pretraining, at step \d+ of 21\./);
    expect(page).toContain("<b>pretraining: NT-Xent loss.</b>");
    const second = await simclr(["run", "tiny.yaml", "-o", "killed"]);
    expect(second.stderr).toMatch(/pretraining: .*, going on from step \d+/);
    expect(second.status).toBe(0);
    for (const stage of [["pretrain"], ["4-per-class", "finetune"], ["4-per-class", "distill-self-2"]])
      expect(losses("killed", ...stage)).toEqual(losses("undisturbed", ...stage));
  });

  it("stands beside itself in a comparison, with its mean", async () => {
    const { status, stdout } = await simclr(["compare", "undisturbed", "undisturbed"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/labels .* method .* seed 0 .* seed 0 .* mean, 95 % interval/);
    expect(stdout).toMatch(/fine-tuned +│ +(\d+\.\d %) +│ +\1 +│ +\1 \(/);
    const asJson = await simclr(["compare", "undisturbed", "undisturbed", "--json"]);
    const { accuracy } = JSON.parse(readFileSync(join(folder, "undisturbed/results.json"), "utf8"));
    const { rows, isRepeated } = JSON.parse(asJson.stdout);
    expect([rows[0].top1, isRepeated]).toEqual([[accuracy[0].top1, accuracy[0].top1], true]);
    const missing = await simclr(["compare", "undisturbed", "nowhere"]);
    expect(missing.stderr).toContain("error: nowhere holds no results of a run");
    expect(missing.status).toBe(1);
  });

  it("does not do again what is done, and gives the same results", async () => {
    const before = JSON.parse(readFileSync(join(folder, "undisturbed/results.json"), "utf8"));
    const again = await simclr(["run", "tiny.yaml", "-o", "undisturbed", "--json"]);
    expect(again.status).toBe(0);
    expect(again.stderr.match(/done before/g)).toHaveLength(5);
    const { accuracy, distillation } = JSON.parse(again.stdout);
    expect({ accuracy, distillation }).toEqual({ accuracy: before.accuracy, distillation: before.distillation });
  });

  it("does a part of a run, goes on with the next, and measures without training", async () => {
    const untrained = await simclr(["evaluate", "tiny.yaml", "-o", "parts"]);
    expect(untrained.status).toBe(1);
    expect(untrained.stderr).toContain("pretraining: there is no trained network of this configuration");

    const methodsOf = ({ stdout }: Ended): string[] => [
      ...new Set<string>(JSON.parse(stdout).accuracy.map((row: { method: string }) => row.method)),
    ];
    const pretrained = await simclr(["pretrain", "tiny.yaml", "-o", "parts", "--json"]);
    expect(methodsOf(pretrained)).toEqual(["kNN", "linear probe"]);
    expect(losses("parts", "pretrain")).toEqual(losses("undisturbed", "pretrain"));
    const finetuned = await simclr(["finetune", "tiny.yaml", "-o", "parts", "--json"]);
    expect(methodsOf(finetuned)).toEqual(["kNN", "linear probe", "supervised from scratch", "fine-tuned"]);
    expect(finetuned.stderr.match(/done before/g)).toHaveLength(1);
    const students = await simclr(["distill", "tiny.yaml", "-o", "parts", "--json"]);
    const { accuracy } = JSON.parse(readFileSync(join(folder, "undisturbed/results.json"), "utf8"));
    expect(JSON.parse(students.stdout).accuracy).toEqual(accuracy);

    const depths = ["--set", "evaluate.depths=true", "--json"];
    const measured = await simclr(["evaluate", "tiny.yaml", "-o", "parts", ...depths]);
    expect(measured.status, measured.stderr).toBe(0);
    const { probes } = JSON.parse(measured.stdout) as { probes: Record<string, unknown>[] };
    const stages = ["initial_conv", "initial_max_pool", ...[1, 2, 3, 4].map((group) => `block_group${group}`)];
    const names = [...stages, "h", "head layer 1", "head layer 2"];
    expect(probes.map(({ depth }) => depth)).toEqual([...names, ...names]); // all labels, and the budget
    // Filters of the stem and of the groups at 1/16 of the width; h; the layers of the head.
    expect(probes.slice(0, 9).map(({ dimension }) => dimension)).toEqual([4, 4, 4, 8, 16, 32, 32, 32, 16]);
    // kNN at h is the kNN of the table.
    const ofTable = accuracy.filter(({ method }: { method: string }) => method === "kNN");
    expect(probes.filter(({ depth }) => depth === "h").map(({ knn }) => knn)).toEqual(
      ofTable.map(({ top1 }: { top1: number }) => top1),
    );
  });

  it("takes an encoder that is trained already, with the same end, or goes on with its pretraining", async () => {
    const without = TINY.replace(/^(pretrain|supervised|distill): .*\n/gm, "");
    await writeFile(join(folder, "given.yaml"), `${without}pretrained: undisturbed/pretrain\n`);
    const given = await simclr(["run", "given.yaml", "-o", "given", "--json"]);
    expect(given.status, given.stderr).toBe(0);
    const { accuracy } = JSON.parse(readFileSync(join(folder, "undisturbed/results.json"), "utf8"));
    const shares = (rows: { method: string; labels: string; top1: number }[]) =>
      rows
        .filter(({ method }) => /^(kNN|linear probe|fine-tuned)$/.test(method))
        .map(({ method, labels, top1 }) => [method, labels, top1]);
    expect(shares(JSON.parse(given.stdout).accuracy)).toEqual(shares(accuracy));

    const exported = await simclr([
      "export",
      "undisturbed/pretrain",
      "--format",
      "safetensors",
      "-o",
      "encoder.safetensors",
    ]);
    expect(exported.status, exported.stderr).toBe(0);
    await writeFile(join(folder, "onward.yaml"), `${TINY}pretrained: encoder.safetensors\n`);
    // One step that moves nothing but running statistics.
    const still = [
      "--set",
      "pretrain.epochs=null",
      "--set",
      "pretrain.steps=1",
      "--set",
      "pretrain.optimizer.learningRate=1e-30",
    ];
    const onward = await simclr(["pretrain", "onward.yaml", "-o", "onward", ...still]);
    expect(onward.status, onward.stderr).toBe(0);
    await simclr(["export", "onward/pretrain", "--format", "safetensors", "-o", "onward.safetensors"]);
    const [before, after] = [kernelsOf("encoder.safetensors"), kernelsOf("onward.safetensors")];
    expect(before.size).toBe(21 + 2); // stem, 16 convolutions of 8 blocks, 4 shortcuts; two dense layers of the head
    expect(after).toEqual(before);

    // Fine-tuning that moves nothing: the encoder is the pretrained one, the kept layer of the head is not. Then a student
    // of the labelled images alone, whose own images are changed, and which has two teachers.
    const anew = ["finetune.headWeights=random", "finetune.optimizer.learningRate=1e-30", "distill.rounds=1"];
    const shown = [
      "distill.images=labelled",
      "distill.studentAugmentation=[{ name: solarize, probability: 1 }]",
      "distill.teachers=[undisturbed/4-per-class/finetune]",
    ];
    const labels = ["labels=[{ perClass: 4 }, { count: 20, choose: suggested }]"];
    const settings = [...anew, ...shown, ...labels].flatMap((setting) => ["--set", setting]);
    await writeFile(
      join(folder, "anew.yaml"),
      `${TINY.replace(/^(pretrain|supervised): .*\n/gm, "")}pretrained: undisturbed/pretrain\n`,
    );
    const student = await simclr(["distill", "anew.yaml", "-o", "anew", ...settings]);
    expect(student.status, student.stderr).toBe(0);
    expect(student.stderr).toMatch(/distilling \(self\) with 40 \(4 a class\) labels: 40 images/);
    expect(student.stderr).toMatch(/distilling \(self\) with suggested 20 \(\d to \d a class\) labels: 20 images/);
    const methods = JSON.parse(readFileSync(join(folder, "anew/results.json"), "utf8")).accuracy.map(
      ({ method }: { method: string }) => method,
    );
    expect(methods.filter((method: string) => method === "ensemble of 2 teachers")).toHaveLength(2);
    const suggested = readdirSync(join(folder, "anew/measured")).filter((name) => name.startsWith("suggested-"));
    const { value } = JSON.parse(readFileSync(join(folder, "anew/measured", suggested[0]!), "utf8"));
    expect([suggested.length, new Set(value).size]).toEqual([1, 20]);
    await simclr(["export", "anew/4-per-class/finetune", "--format", "safetensors", "-o", "anew.safetensors"]);
    const differing = [...kernelsOf("anew.safetensors")].filter(([name, kernel]) => before.get(name) !== kernel);
    expect(differing.map(([name]) => name)).toEqual(["classifier/kernel", "head/layer0/dense/kernel"]);

    const other = await simclr(["run", "given.yaml", "-o", "other", "--set", "model.width=0.125"]);
    expect(other.status).toBe(1);
    expect(other.stderr).toContain("holds the network r18_0.0625x, where the configuration says r18_0.125x");
    await writeFile(join(folder, "none.yaml"), without);
    const none = await simclr(["run", "none.yaml"]);
    expect(none.status).toBe(2);
    expect(none.stderr).toContain("give `pretrain`, with one step or more, or an encoder that is trained already");
  });

  it("ends at once with a checkpoint and status 130 after SIGTERM", async () => {
    const hasStepped = (): boolean => {
      const metrics = join(folder, "stopped/pretrain/metrics.jsonl");
      return existsSync(metrics) && readFileSync(metrics, "utf8").includes("\n");
    };
    const timer = { handle: undefined as NodeJS.Timeout | undefined };
    // Long, and without checkpoints of its own: the only one comes from the signal.
    const settings = ["--set", "pretrain.epochs=400", "--set", "checkpoint.everySeconds=1000"];
    const { status, stderr } = await simclr(["run", "tiny.yaml", "-o", "stopped", ...settings], (_, child) => {
      timer.handle ??= setInterval(() => {
        if (!hasStepped()) return;
        clearInterval(timer.handle); // a second signal would end it without waiting
        child.kill("SIGTERM");
      }, 5);
    });
    expect(status).toBe(130);
    const step = /pretraining: stopped at step (\d+); the same command goes on from there\./.exec(stderr)?.[1];
    expect(step, stderr).toBeDefined();
    const saved = readdirSync(join(folder, "stopped/pretrain")).filter((name) => name.startsWith("step-"));
    expect(saved.map((name) => Number(name.slice(5)))).toEqual([Number(step)]);
  });
});

describe("a run that measures while it trains", () => {
  const MORE = TINY.replace("name: tiny", "name: more")
    .replace(/^distill: .*\n|^supervised: .*\n/gm, "")
    .replace(
      "pretrain: { batchSize: 40, epochs: 4, optimizer: { learningRate: 0.1 } }",
      "pretrain: { batchSize: 40, epochs: 4, optimizer: { name: adamw, learningRate: 0.01, clipNorm: 1 }, averageDecay: 0.5, " +
        "onlineEvaluation: { everySteps: 4, images: 40 }, earlyStop: { metric: meanLoss, mode: min, patience: 1, minimumGain: 100 } }",
    )
    .concat("logging: { csv: true, tensorboard: true }\n");
  beforeAll(() => writeFile(join(folder, "more.yaml"), MORE));

  it("stops with status 130 when its time is up, and goes on from there to the same end", async () => {
    const stopped = await simclr(["run", "more.yaml", "--max-minutes", "0.00001"]);
    expect(stopped.status, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain(
      "pretraining: stopped at step 0, the time of 0.00001 minutes is used up; the same command goes on from there.",
    );
    const { status, stderr } = await simclr(["run", "more.yaml"]);
    expect(status, stderr).toBe(0);
    // 5 steps an epoch; the second epoch is no better by 100.
    expect(stderr).toContain("pretraining: ended after step 10, early stop: meanLoss was no better than");
    expect(stderr).toMatch(
      /pretraining: 10 steps in [\d.]+ s, loss [\d.]+, contrast accuracy [\d.]+ % \(chance 2\.5 %\), [\d.]+ % of the time waiting for data$/m,
    );
    const stage = join(folder, "runs/more/pretrain");
    const rows = (file: string) => readFileSync(join(stage, file), "utf8").trimEnd().split("\n");
    expect(rows("steps.csv")).toHaveLength(11);
    expect(rows("evaluations.csv").map((row) => row.split(",")[0])).toEqual(["step", "4", "8"]);
    const page = readFileSync(join(folder, "runs/more/report.html"), "utf8");
    expect(page).toMatch(
      /aria-label="kNN accuracy while training over 2 points: [\d.]+ at step 4, [\d.]+ at step 8\."/,
    );
    expect(page).toContain("<b>pretraining: linear probe&#39;s accuracy while training.</b>");
    expect(readdirSync(join(stage, "tensorboard"))).toHaveLength(2); // one of each sitting
    expect(readdirSync(stage).filter((name) => name.startsWith("step-"))).toContain("step-00000010");
  }, 120_000);
});

describe("simclr predict", () => {
  beforeAll(async () => {
    if (!existsSync(join(folder, "undisturbed/results.json"))) await simclr(["run", "tiny.yaml", "-o", "undisturbed"]);
  }, 120_000);

  it("gives every image a class and probabilities, as right as the run measured", async () => {
    const { status, stdout, stderr } = await simclr(["predict", "undisturbed", "shapes"]);
    expect(status, stderr).toBe(0);
    const [header, ...rows] = stdout.trimEnd().split("\n");
    const classNames = header!.split(",").slice(3);
    expect(classNames).toHaveLength(10);
    expect(rows).toHaveLength(5000);
    for (const row of rows.slice(0, 50)) {
      const [file, label, probability, ...probabilities] = row.split(",");
      expect(file).toMatch(/^shapes\/test\/\d+$/);
      expect(probabilities.reduce((sum, value) => sum + Number(value), 0)).toBeCloseTo(1, 2); // four digits each
      expect(probabilities[classNames.indexOf(label!)]).toBe(probability);
    }
    const { accuracy } = JSON.parse(readFileSync(join(folder, "undisturbed/results.json"), "utf8"));
    const { top1 } = accuracy.find(({ method }: { method: string }) => method === "distilled (self, round 2)");
    expect(stderr).toContain(`of 5000 whose class the data tells, ${(100 * top1).toFixed(1)} % are right`);
  });

  it("takes one stage of the run, and speaks JSON", async () => {
    const { status, stdout, stderr } = await simclr([
      "predict",
      "undisturbed/4-per-class/finetune",
      "shapes",
      "--json",
    ]);
    expect(status, stderr).toBe(0);
    const { classNames, images } = JSON.parse(stdout);
    expect([classNames.length, images.length]).toEqual([10, 5000]);
    expect(stderr).toMatch(/model: undisturbed\/4-per-class\/finetune\/step-00000006, 10 classes/);
  });

  it.each([
    [
      "a stage without classes",
      "undisturbed/pretrain",
      /has no classes: it holds an encoder .* Take a checkpoint of a stage with labels/,
    ],
    ["a folder without a model", ".", /holds no trained classifier\. Expected the folder of a run/],
  ])("says what is wrong with %s", async (_, model, message) => {
    const { status, stderr, stdout } = await simclr(["predict", model, "shapes"]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([status, stdout]).toEqual([1, ""]);
  });
});

describe("simclr export and import", () => {
  beforeAll(async () => {
    if (!existsSync(join(folder, "undisturbed/results.json"))) await simclr(["run", "tiny.yaml", "-o", "undisturbed"]);
  }, 120_000);
  const fixture = fileURLToPath(
    new URL("../../../packages/exchange/fixtures/tensorflow-1/model.ckpt-250228", import.meta.url),
  );

  it("writes the student as one file that predicts as the run does", async () => {
    const { status, stderr } = await simclr([
      "export",
      "undisturbed",
      "--format",
      "safetensors",
      "-o",
      "s.safetensors",
    ]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("model: undisturbed/4-per-class/distill-self-2/step-");
    const [file, run] = await Promise.all([
      simclr(["predict", "s.safetensors", "shapes"]),
      simclr(["predict", "undisturbed", "shapes"]),
    ]);
    expect(file.stdout).toBe(run.stdout);
    expect(file.stdout).toMatch(/^file,label,probability,/);
  });

  it("writes the student for onnxruntime and for browsers, and runs both beside the model", async () => {
    const outputs = { onnx: "student.onnx", tfjs: "student-tfjs" };
    for (const [format, output] of Object.entries(outputs)) {
      const { status, stdout, stderr } = await simclr(["export", "undisturbed", "--format", format, "-o", output]);
      expect(status, stderr).toBe(0);
      expect(stdout).toBe(`${output}\n`);
      if (format === "onnx")
        expect(stderr).toMatch(/^(checked in onnxruntime-node: differs .* by \d|not checked: onnx)/m);
      else expect(stderr).toMatch(/^checked in tf\.loadGraphModel: differs from the model by \d/m);
    }
    const encoder = await simclr([
      "export",
      "undisturbed/pretrain",
      "--format",
      "safetensors",
      "-o",
      "encoder.safetensors",
    ]);
    expect(encoder.status, encoder.stderr).toBe(0);
    expect(readdirSync(join(folder, "student-tfjs"))).toEqual(["group1-shard1of1.bin", "model.json"]);
  });

  it("imports a checkpoint of the official code and says what it did not use", async () => {
    const { status, stdout, stderr } = await simclr(["import", "tf-checkpoint", fixture, "-o", "official.safetensors"]);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(
      /^r18_0\.03125x: 21 convolutions and 21 batch norms, a head of 3 layers, a classifier of 5 classes$/m,
    );
    expect(stdout).toMatch(/^121 tensors used, each of them once; 193 not used:$/m);
    expect(stdout).toMatch(/^ {2}step counter: global_step$/m);
    const json = await simclr(["import", "tf-checkpoint", fixture, "--copy", "average", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ used: 121, output: "r18_0.03125x.safetensors" });
    const again = await simclr([
      "export",
      "official.safetensors",
      "--format",
      "safetensors",
      "-o",
      "again.safetensors",
    ]);
    expect(again.status).toBe(0);
    expect(readFileSync(join(folder, "again.safetensors"))).toEqual(readFileSync(join(folder, "official.safetensors")));
  });

  it("refuses an altered model, and a checkpoint of another architecture, by name", async () => {
    const bytes = readFileSync(join(folder, "s.safetensors"));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(join(folder, "altered.safetensors"), bytes);
    const altered = await simclr(["predict", "altered.safetensors", "shapes"]);
    expect(altered.stderr).toMatch(/altered\.safetensors cannot be used: the tensor "encoder\/.*" was altered/);
    const other = await simclr(["import", "tf-checkpoint", fixture, "--architecture", "r34_0.03125x"]);
    expect(other.stderr).toMatch(/does not hold the weights of r34_0\.03125x: 80 tensors missing: "base_model/);
    expect([altered.status, other.status]).toEqual([1, 1]);
  });
});

describe("wrong input", () => {
  it.each([
    [
      "a configuration that does not exist",
      ["run", "nowhere.yaml"],
      2,
      /^error: nowhere\.yaml: cannot read the configuration/,
    ],
    [
      "a wrong key",
      ["run", "tiny.yaml", "--set", "pretrain.epoch=3"],
      2,
      /unknown key "pretrain\.epoch"\. Did you mean "epochs"\?/,
    ],
    ["a data path that does not exist", ["run", "tiny.yaml", "-o", "x1", "--set", "data.train=nothing"], 1, /nothing/],
    [
      "a label budget that leaves a class empty",
      ["run", "tiny.yaml", "-o", "x2", "--set", "labels=[{fraction: 0.001}]"],
      1,
      /fraction 0\.001/,
    ],
    [
      "a backend that is not installed",
      ["run", "tiny.yaml", "-o", "x3", "--set", "backend.name=tensorflow"],
      1,
      /npm install @tensorflow\/tfjs-node-gpu/,
    ],
    ["an unknown command", ["rum"], 2, /Did you mean run\?/],
  ])("answers %s in one message without a stack trace", async (_, args, status, message) => {
    const ended = await simclr(args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.status).toBe(status);
    expect(ended.stdout).toBe("");
  });
});
