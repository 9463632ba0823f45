#!/usr/bin/env node
// pnpm faults [--distributed [--mpi=openmpi|mpich]] [--short] [--json] [--write]: does to real runs what machines and people do to them, and shows what is lost.
// Ends with 1 if anything is lost but the work since the last checkpoint, if a message is missing, or if a resumed run is not
// the undisturbed one bit for bit. --write puts the table into docs/faults.md; --short is what CI runs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digests, isPretrained, losses, message, prepare, simclr, untilPretrained } from "./faults/lab.mjs";
import * as lines from "./faults/lines.mjs";
import { rankFaults } from "./faults/ranks.mjs";
import { pnpm, root } from "./tools.mjs";

const isShort = process.argv.includes("--short");
const isDistributed = process.argv.includes("--distributed");
const only = process.argv.find((word) => word.startsWith("--mpi="))?.slice("--mpi=".length);
const asJson = process.argv.includes("--json");
const size = isShort
  ? { totalSteps: 20, kills: 3, cuts: 3, flips: 30, stopAfter: 5 }
  : { totalSteps: 60, kills: 25, cuts: 60, flips: 200, stopAfter: 8 };

const RANKS = "## Several ranks";

const say = (text) => process.stderr.write(`${text}\n`);

const lab = mkdtempSync(join(tmpdir(), "simclr-faults-"));
const started = Date.now();
const rows = [];
let failed = false;
try {
  if (isDistributed) await ranks();
  else await oneProcess();
} catch (error) {
  failed = true;
  say(String(error.stack));
} finally {
  rmSync(lab, { recursive: true, force: true });
}

const seconds = Math.round((Date.now() - started) / 1000);
if (asJson) console.log(JSON.stringify({ rows, seconds, passed: !failed }, null, 2));
else console.log(isDistributed ? ranksTable() : table());
if (process.argv.includes("--write")) {
  const file = join(root, "docs/faults.md");
  // Each half of the page is made by a run of its own.
  const [first, second] = readFileSync(file, "utf8").split(`\n${RANKS}\n`);
  const ofRanks = isDistributed ? ranksPage() : (second ?? "");
  writeFileSync(file, `${isDistributed ? first : page()}\n${RANKS}\n${ofRanks}`);
  pnpm(["exec", "biome", "check", "--write", "docs/faults.md"], { stdio: "ignore" });
}
say(`${rows.length} faults, ${failed ? "some FAILED" : "all passed"}, ${seconds} s`);
process.exitCode = failed ? 1 : 0;

async function ranks() {
  const totalSteps = 12;
  await prepare(lab, totalSteps);
  rows.push(...(await rankFaults({ lab, totalSteps, isShort, only, say })));
  failed = rows.some(({ problems = [] }) => problems.length > 0);
}

async function oneProcess() {
  await prepare(lab, size.totalSteps);
  const whole = join(lab, "undisturbed");
  const ended = await simclr(lab, whole, untilPretrained(whole));
  if (!isPretrained(whole)) throw new Error(`the undisturbed run ended with ${ended.status}: ${message(ended, lab)}`);
  const context = {
    lab,
    ...size,
    isShort,
    template: join(lab, "template"),
    undisturbed: { losses: JSON.stringify(losses(whole)), digests: await digests(whole) },
    random: lines.numbers(1),
  };
  say(`undisturbed: ${losses(whole).length} steps of pretraining`);
  const line = async (test) => {
    const row = await test(context);
    rows.push(row);
    const state = row.skipped ? `SKIPPED: ${row.skipped}` : row.problems.length > 0 ? "FAILED" : "ok";
    say(`${row.fault}: ${state}`);
    for (const problem of row.problems ?? []) say(`  ${problem}`);
    failed ||= row.problems?.length > 0;
  };
  // Two at a time: every run has one thread.
  const killing = line((here) => lines.sigkill({ ...here, random: lines.numbers(2) }));
  await line(lines.sigterm);
  const others = [lines.diskFull, lines.readOnly, lines.cut, lines.flip, lines.workersKilled, lines.notANumber];
  for (const test of isShort ? others : [lines.sigtermTwice, ...others]) await line(test);
  await killing;
}

function table() {
  const head = ["fault", "times", "lost", "what it says", "exit", "resumed run = undisturbed run"];
  const body = rows.map(({ fault, times = 0, lost = "", message: text = "", exit = "", problems, skipped }) => {
    const verdict = skipped ? `skipped: ${skipped}` : problems.length > 0 ? `NO: ${problems[0]}` : "yes";
    return [fault, times, lost, text, exit, verdict].map((cell) => String(cell).replaceAll("|", "\\|"));
  });
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function page() {
  return `# Faults

What a run survives, made by \`npm run faults -- --write\` (\`scripts/faults.mjs\`): each line is done to the real command
\`simclr run\`, on a small network (ResNet-18 of 1/16 width, ${size.totalSteps} steps of pretraining, AdamW, averaged weights, a hook with a state, images that
workers crop), with a checkpoint after every step. Then the same command runs again, without the fault, until pretraining is done. The last column
says _yes_ where every loss, and every byte of the last checkpoint's weights, moments and averages, is that of a run which nobody
disturbed.

${table()}

A power cut cannot be made by a script. Every file of a checkpoint is flushed to the disk before the folder gets its name, and the
folder after it.
`;
}

function ranksTable() {
  const head = [
    "MPI",
    "fault",
    "ends after, s",
    "code",
    "lost",
    "what it says",
    "resumed on 2 ranks",
    "on 1: distance",
  ];
  const body = rows.map(({ family, fault, seconds, exit, lost, message: text, same, other, skipped, problems }) => {
    const cells = skipped
      ? [family, fault, "", "", "", `skipped: ${skipped}`, "", ""]
      : [family, fault, seconds, exit, lost, text, same, other];
    if (problems?.length > 0) cells[5] = `FAILED: ${problems[0]}`;
    return cells.map((cell) => String(cell).replaceAll("|", "\\|"));
  });
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function ranksPage() {
  return `
Made by \`npm run faults -- --distributed --write\`: each is done, after 5 of 12 steps, to \`simclr launch -n 2 pretrain\` (momentum in place
of AdamW; waits of at most 6 s, \`SIMCLR_STALL_SECONDS\`), the last two of Open MPI to two hosts, which are network namespaces with TCP
between them: MPICH's launcher has no keepalive that would notice a dead link. Then the same command runs again: on two ranks every loss and every byte of the last checkpoint are those of two
ranks that nobody disturbed; one rank continues within 1e-6 of them (the largest difference of a loss or a weight, relative). The run is
momentum SGD with a learning rate of 0.001 and τ 0.5: sums of another order grow apart with the learning rate, at 0.01 to 2e-5.

${ranksTable()}
`;
}
