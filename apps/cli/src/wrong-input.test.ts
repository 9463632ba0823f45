import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { main } from "./index.js";

const GOOD = `name: tiny
data: { train: shapes, test: shapes, imageSize: 32, limit: 100, testLimit: 500 }
model: { width: 0.0625 }
pretrain: { batchSize: 20, epochs: 2, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 2 }]
finetune: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.05 } }
`;

/** What a person typed, in a folder with tiny.yaml, and the status it ends with. */
const WRONG: readonly (readonly [status: number, ...args: string[]])[] = [
  [2, "rum"],
  [2, "run"],
  [2, "run", "tiny.yaml", "--jsn"],
  [2, "run", "nowhere.yaml"],
  [2, "run", "empty-folder"],
  [2, "run", "cifar10-smal"],
  [2, "config", "validate", "broken.yaml"],
  [2, "config", "validate", "list.yaml"],
  [2, "config", "validate", "empty.yaml"],
  [2, "config", "validate", "circle.yaml"],
  [2, "config", "validate", "no-base.yaml"],
  [2, "config", "validate", "no-preset.yaml"],
  [2, "config", "validate", "tiny.yaml", "--set", "pretrain.epoch=3"],
  [2, "config", "validate", "tiny.yaml", "--set", "pretrain.epochs=many"],
  [2, "config", "validate", "tiny.yaml", "--set", "pretrain.steps=3"],
  [2, "config", "validate", "tiny.yaml", "--set", "epochs"],
  [2, "config", "validate", "tiny.yaml", "--set", "seed=["],
  [2, "config", "validate", "tiny.yaml", "--set", "name.first=x"],
  [2, "config", "validate", "tiny.yaml", "--set", "method.name=mocco-v2"],
  [2, "config", "validate", "tiny.yaml", "--set", "method={name: byol, momentun: 0.9}"],
  [2, "config", "validate", "tiny.yaml", "--set", "model={depth: 34, selectiveKernel: true}"],
  [2, "config", "validate", "tiny.yaml", "--set", "model.depth=19"],
  [2, "config", "validate", "tiny.yaml", "--set", "finetune.headLayer=4"],
  [2, "config", "validate", "tiny.yaml", "--set", "pretrain.effectiveBatch=30"],
  [2, "config", "validate", "tiny.yaml", "--set", "labels=[{perClass: 2, fraction: 0.5}]"],
  [2, "config", "validate", "tiny.yaml", "--set", "labels=[{fraction: 1.5}]"],
  [2, "config", "validate", "tiny.yaml", "--set", "labels=[{list: 1percent.txt}]"],
  [2, "config", "validate", "tiny.yaml", "--set", "data.test={holdOut: 2}"],
  [2, "config", "validate", "tiny.yaml", "--set", "data.format=parket"],
  [2, "config", "validate", "tiny.yaml", "--set", "pretrain.optimizer={name: sgd, learningRate: 1}"],
  [2, "config", "validate", "tiny.yaml", "--set", "finetune=null"],
  [2, "config", "explain", "pretrain.effectivBatch"],
  [2, "run", "tiny.yaml", "--max-minutes", "soon"],
  [2, "model", "r51_1x"],
  [2, "launch", "--hosts", "a:0", "--dry-run", "run", "tiny.yaml"],
  [2, "completion", "csh"],
  [2, "export", "empty-folder", "--format", "onyx", "-o", "x.onnx"],
  [1, "data", "check", "nowhere"],
  [1, "data", "check", "empty-folder"],
  [1, "compare", "empty-folder"],
  [1, "predict", "empty-folder", "shapes"],
  [1, "export", "empty-folder", "--format", "onnx", "-o", "x.onnx"],
  [2, "augment", "preview", "shapes", "--recipe", "simclr-v3"],
  [2, "augment", "preview", "shapes", "-o", "views.jpg"],
  [1, "backend", "link-tensorflow"],
  [1, "run", "tiny.yaml", "-o", "newer"],
  [2, "run", "tiny.yaml", "-o", "busy"],
  [2, "watch", "empty-folder", "--port", "TAKEN"],
];

/** The same in a shell, with streams that are closed or full. */
const WRONG_STREAMS: readonly (readonly [status: number, line: string])[] = [
  [1, "simclr init empty-folder <&-"],
  [1, "simclr config schema > /dev/full"],
];

/** The port of the table, for one that another program has. */
const TAKEN = "8080";
const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));

let folder = "";
const taken = createServer();
const before = process.cwd();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "simclr-wrong-"));
  mkdirSync(join(folder, "empty-folder"));
  const files = {
    "tiny.yaml": GOOD,
    "broken.yaml": "name: [unclosed",
    "list.yaml": "- a\n",
    "empty.yaml": "",
    "circle.yaml": "extends: circle.yaml\n",
    "no-base.yaml": "extends: nowhere.yaml\n",
    "no-preset.yaml": "extends: cifar10-smal\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  for (const name of ["newer", "busy"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "newer/run.json"), '{"formatVersion":2,"version":"9.1.0"}');
  const holder = { pid: process.pid, host: hostname(), began: null, since: "2026-01-01T00:00:00.000Z" };
  writeFileSync(join(folder, "busy/lock.json"), JSON.stringify(holder));
  process.chdir(folder);
  return new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  taken.close();
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly said: string;
  readonly results: string;
}

/** The command in this process: its status, and what it says on the standard error. */
async function simclr(args: readonly string[]): Promise<Answer> {
  const text = { stderr: "", stdout: "" };
  const spies = (["stderr", "stdout"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      text[stream] += String(chunk);
      return true;
    }),
  );
  try {
    const status = await main(["node", "simclr", ...args]);
    return { status, said: stripVTControlCharacters(text.stderr), results: text.stdout };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A line of shell, in which `simclr` is the built command. */
function inShell(line: string): Promise<Answer> {
  const typed = line.replace(/^simclr /, '"$NODE" "$BIN" ');
  const env = { ...process.env, NO_COLOR: "1", NODE: process.execPath, BIN };
  return new Promise((resolve) => {
    const child = execFile("bash", ["-c", typed], { env }, (_, results, said) =>
      resolve({ status: child.exitCode ?? -1, said, results }),
    );
  });
}

/** One entry of the page: what belongs to this machine and this moment is replaced. */
function entry(line: string, { status, said }: Answer): string {
  const message = said
    .replaceAll(folder, "/photos")
    .replaceAll(`process ${process.pid} on ${hostname()}`, "process 4711 on this-host")
    .replaceAll(`kill ${process.pid}`, "kill 4711")
    .replaceAll(String((taken.address() as AddressInfo).port), TAKEN)
    .replace(/; simclr \S+ has format/, "; this simclr has format")
    .replace(/^(backend|warning): .*\n/gm, "")
    .replace(/^ ?\d+:\d\d .*\n/gm, "") // news
    .trim();
  return `\`\`\`console\n$ ${line}\n${message}\n$ echo $?\n${status}\n\`\`\`\n`;
}

it("answers each in a message without a stack trace, as docs/errors.md lists them", async () => {
  const rows: string[] = [];
  const add = (line: string, status: number, answer: Answer): void => {
    expect(answer.said, line).not.toMatch(/\n\s+at |defect of simclr/);
    expect([answer.status, answer.results], `${line}\n${answer.said}`).toEqual([status, ""]);
    rows.push(entry(line, answer));
  };
  for (const [status, ...args] of WRONG) {
    const port = String((taken.address() as AddressInfo).port);
    const answer = await simclr(args.map((arg) => (arg === "TAKEN" ? port : arg)));
    const words = args.map((arg) => (arg === "TAKEN" ? TAKEN : /[\s[{]/.test(arg) ? `'${arg}'` : arg));
    add(`simclr ${words.join(" ")}`, status, answer);
  }
  for (const [status, line] of WRONG_STREAMS) add(line, status, await inShell(line));
  expect(rows.length).toBeGreaterThanOrEqual(40);
  const intro =
    "# Wrong input, and the answer\n\nWhat the program says, made by a test that runs every line (`npx vitest run --root apps/cli src/wrong-input.test.ts -u` writes this page).\nStatus 2 is wrong usage or configuration, 1 wrong data or files. The folder `/photos` holds a correct `tiny.yaml`, `newer` is the folder of a run of a later simclr, `busy` one that another process works in.\n\n";
  await expect(`${intro}${rows.join("\n")}`).toMatchFileSnapshot(
    fileURLToPath(new URL("../../../docs/errors.md", import.meta.url)),
  );
}, 60_000);
