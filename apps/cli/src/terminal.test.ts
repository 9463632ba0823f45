// The command in a pseudo-terminal of 80 and of 0 columns, by `script` of util-linux, and without standard input.
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layOutHues } from "./testing-hues.js";

const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));
const hasScript = spawnSync("script", ["--version"]).status === 0;
const REWRITE = "\r\u001b[2K";
const COLOR = "\u001b[31m";

const TINY = `name: tiny
data: { train: shapes, test: { holdOut: 0.2 }, imageSize: 32, limit: 60 }
model: { width: 0.0625, head: { layers: 2, dimension: 16 } }
pretrain: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 2 }]
finetune: { batchSize: 20, steps: 2, optimizer: { learningRate: 0.05 } }
evaluate: { linear: { epochs: 1 } }
`;

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "simclr-terminal-"));
  writeFileSync(join(folder, "tiny.yaml"), TINY);
  await layOutHues(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Seen {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is typed once a text is seen. */
interface Typing {
  readonly after: string;
  readonly keys: string;
}

/** A line of shell in the folder; `simclr` is the built command. */
function shell(line: string, environment: Readonly<Record<string, string>> = {}, typing?: Typing): Promise<Seen> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...inherited } = process.env;
  const env = { ...inherited, TERM: "xterm", SIMCLR_NUM_THREADS: "1", NODE: process.execPath, BIN, ...environment };
  const simclr = line.replaceAll("simclr ", '"$NODE" "$BIN" ');
  return new Promise((resolve) => {
    const child = execFile("bash", ["-c", simclr], { cwd: folder, env }, (_, stdout, stderr) =>
      resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
    let seen = "";
    child.stdout?.on("data", (text) => {
      const before = seen;
      seen += text;
      if (typing && seen.includes(typing.after) && !before.includes(typing.after)) child.stdin?.write(typing.keys);
    });
    if (typing === undefined) child.stdin?.end();
  });
}

/** What a person sees of a command in a terminal of so many columns. */
async function terminal(
  columns: number,
  line: string,
  environment?: Readonly<Record<string, string>>,
  typing?: Typing,
): Promise<Seen> {
  const command = `stty cols ${columns}; ${line}`.replaceAll("'", `'\\''`);
  const seen = await shell(`script -qec '${command}' /dev/null`, environment, typing);
  return { ...seen, stdout: seen.stdout.replaceAll("\r\n", "\n") };
}

describe.skipIf(!hasScript)("in a pseudo-terminal (needs script of util-linux)", () => {
  it("of 80 columns, rewrites one line of progress that fits, and puts nothing but results on the standard output", async () => {
    const { status, stdout } = await terminal(80, "simclr pretrain tiny.yaml -o wide > results.txt");
    expect(status, stdout).toBe(0);
    const rewritten = stdout.split(REWRITE).slice(1);
    expect(rewritten.length).toBeGreaterThan(1);
    for (const text of rewritten) expect(stripVTControlCharacters(text.split("\n")[0]!).length).toBeLessThan(80);
    expect(stdout).toContain("\u001b[2m 0:00\u001b[22m backend: "); // the time of a line of news, dimmed
    const results = readFileSync(join(folder, "results.txt"), "utf8");
    expect(results).toMatch(/^\n┌.*labels.*method.*report: .*\n$/s);
    expect(stripVTControlCharacters(results)).toBe(results);
  });

  it("of 0 columns, as some consoles are, writes plain lines", async () => {
    const { status, stdout } = await terminal(0, "simclr pretrain tiny.yaml -o none > results.txt", { NO_COLOR: "1" });
    expect(status, stdout).toBe(0);
    expect(stdout).not.toContain("\u001b");
    expect(stdout.replaceAll("\r\n", "\n")).not.toContain("\r");
    expect(stdout).toMatch(/^simclr 1\/\d+ {2}epoch 1 {2}loss/m);
  });

  it("colours only what a terminal shows, unless NO_COLOR or FORCE_COLOR says otherwise", async () => {
    const line = "simclr model r51_1x";
    const [shown, plain, dumb, piped, forced, off] = await Promise.all([
      terminal(80, line),
      terminal(80, line, { NO_COLOR: "1" }),
      terminal(80, line, { TERM: "dumb" }),
      terminal(80, `${line} 2> error.txt; cat error.txt`),
      shell(line, { FORCE_COLOR: "1" }),
      shell(line, { FORCE_COLOR: "0" }),
    ]);
    expect([shown, plain, dumb, piped].map(({ stdout }) => stdout.includes(COLOR))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([forced, off].map(({ stderr }) => stderr.includes(COLOR))).toEqual([true, false]);
    expect(plain.stdout).toMatch(/^error: parseModelName: /);
  });

  it("writes nothing where the input ends while `init` asks", async () => {
    const endOfInput = { after: "[none]", keys: "\u0004" };
    const { status, stdout } = await terminal(80, "simclr init photos -o asked.yaml", {}, endOfInput);
    expect(status).toBe(2);
    expect(stdout).toContain("Labelled test images, or none to hold some out? [none]");
    expect(stdout).toContain("init was ended before all was answered; nothing is written. --yes takes what is usual.");
    expect(existsSync(join(folder, "asked.yaml"))).toBe(false);
  });
});

describe("with the standard input closed", () => {
  it("asks nothing, trains, and serves the labelling page until a signal", async () => {
    const run = await shell("simclr pretrain tiny.yaml -o closed <&-");
    expect(run.status, run.stderr).toBe(0);
    const init = await shell("simclr init nowhere <&-");
    expect([init.status, init.stdout]).toEqual([1, ""]);
    expect(init.stderr).toContain("nowhere: there is no such folder or file.");
    const serve = "simclr label encoder.safetensors photos -n 2 --page <&- > address.txt 2> said.txt";
    const label = await shell(`${serve} & until grep -qs http address.txt; do sleep 0.2; done; kill -HUP $!; wait $!`);
    expect([label.status, label.stderr]).toEqual([0, ""]);
    expect(readFileSync(join(folder, "address.txt"), "utf8")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
  });
});
