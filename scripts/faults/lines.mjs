// The faults, one function a line of the table. Each gives what was lost, the message, the exit code, and what was wrong.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  digests,
  isPretrained,
  isWriting,
  latestCheckpoint,
  losses,
  message,
  newest,
  simclr,
  untilPretrained,
} from "./lab.mjs";

const KILL_WORKERS = new URL("./kill-workers.mjs", import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;

/** Numbers in [0, 1) that are the same in every run of the script (mulberry32). */
export function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const steps = (count) => `${count} ${count === 1 ? "step" : "steps"}`;

/** Steps that were made and are in no checkpoint; with one after every step, at most the last. */
async function lost(run) {
  const { checkpoint } = await newest(run);
  return losses(run).length - (checkpoint?.state.step ?? 0);
}

/** Whether every loss and the last checkpoint are those of the undisturbed run. */
const isUndisturbed = async (run, { undisturbed }) =>
  JSON.stringify(losses(run)) === undisturbed.losses && (await digests(run)) === undisturbed.digests;

/** Lets the run go on until its pretraining is done: it must be the undisturbed one. */
async function finish(context, run) {
  const { lab } = context;
  const ended = await simclr(lab, run, untilPretrained(run));
  if (!isPretrained(run)) return { problems: [`the resumed run ended with ${ended.status}: ${message(ended, lab)}`] };
  const equal = await isUndisturbed(run, context);
  return { ended, problems: equal ? [] : ["the resumed run is not the undisturbed one"] };
}

/** A run of its own that stands where the SIGTERM line left it. */
function copyOf({ lab, template }, name) {
  const run = join(lab, name);
  cpSync(template, run, { recursive: true });
  return run;
}

const expectStatus = (ended, status, lab) =>
  ended.status === status ? [] : [`exit ${ended.status} instead of ${status}: ${message(ended, lab)}`];

const expectText = (ended, pattern, lab) =>
  pattern.test(ended.stderr) ? [] : [`the message does not say ${pattern}: ${message(ended, lab)}`];

const atMost = (count, most, what) => (count <= most ? [] : [`${what}: ${count}, at most ${most} expected`]);

/** Stops a fresh run with SIGTERM; the other lines begin from copies of it. */
export async function sigterm(context) {
  const { lab, template, stopAfter, isShort } = context;
  const ended = await simclr(lab, template, {
    disturb: (made, child) => {
      if (made >= stopAfter && !child.killed) child.kill("SIGTERM");
    },
  });
  const count = await lost(template);
  // The short version lets other lines go on from here.
  const { problems } = isShort ? { problems: [] } : await finish(context, copyOf(context, "after-sigterm"));
  return {
    fault: "SIGTERM (Ctrl-C is alike)",
    times: 1,
    lost: steps(count),
    message: message(ended, lab),
    exit: ended.status,
    problems: [
      ...expectStatus(ended, 130, lab),
      ...expectText(ended, /stopped at step \d+; the same command goes on from there/, lab),
      ...atMost(count, 0, "steps lost"),
      ...problems,
    ],
  };
}

/** The second signal comes while the first one's checkpoint is held up. */
export async function sigtermTwice(context) {
  const { lab } = context;
  const run = copyOf(context, "twice");
  let first = 0;
  const ended = await simclr(lab, run, {
    env: { FAULT_SLOW_CHECKPOINT: "400" },
    disturb: (made, child) => {
      if (made >= 2 && first === 0) {
        first = Date.now();
        child.kill("SIGTERM");
      } else if (first > 0 && Date.now() - first > 150) child.kill("SIGTERM");
    },
  });
  const count = await lost(run);
  const { problems } = await finish(context, run);
  return {
    fault: "SIGTERM, and again before the checkpoint is written",
    times: 1,
    lost: steps(count),
    message: "none: it leaves at once",
    exit: ended.status,
    problems: [...expectStatus(ended, "SIGTERM", lab), ...atMost(count, 1, "steps lost"), ...problems],
  };
}

/** One run that is killed again and again, at random instants, and goes on each time. */
export async function sigkill(context) {
  const { lab, kills, random } = context;
  let run = join(lab, "killed-0");
  let [most, writing, before, done] = [0, 0, 0, 0];
  const problems = [];
  for (let round = 0; round < kills; round++) {
    const delayMs = 250 * random();
    let since = 0;
    const ended = await simclr(lab, run, {
      disturb: (made, child) => {
        if (made >= 1) since ||= Date.now();
        if (since > 0 && Date.now() - since >= delayMs) child.kill("SIGKILL");
      },
    });
    if (ended.status === 0) {
      run = join(lab, `killed-${++done}`); // it came to its end: another one
      before = 0;
      round--;
      continue;
    }
    if (ended.status !== "SIGKILL") problems.push(`it ended by itself with ${ended.status}: ${message(ended, lab)}`);
    if (isWriting(run)) writing++;
    const { checkpoint, damaged } = await newest(run);
    if (damaged.length > 0) problems.push(`a damaged checkpoint: ${damaged[0].error.message}`);
    const at = checkpoint?.state.step ?? 0;
    if (at < before) problems.push(`the checkpoint of step ${before} is lost, ${at} is the newest`);
    before = at;
    most = Math.max(most, losses(run).length - at);
  }
  const last = await finish(context, run);
  return {
    fault: "SIGKILL at random instants",
    times: kills,
    lost: `at most ${steps(most)}`,
    message: `none; ${writing} of ${kills} while a checkpoint was written`,
    exit: "SIGKILL",
    problems: [...problems, ...atMost(most, 1, "steps lost"), ...last.problems],
  };
}

export async function diskFull(context) {
  return onTmpfs(context, "full", "disk full (a small tmpfs)", /Cannot save the checkpoint .*ENOSPC/, (mount) => {
    const used = bytesIn(mount);
    const one = bytesIn(newestFolder(join(mount, "run/pretrain")));
    return { refuse: `size=${Math.ceil((used + one / 2) / 4096) * 4096}`, allow: "size=64m" };
  });
}

export async function readOnly(context) {
  const expected = /EROFS: read-only file system/;
  return onTmpfs(context, "read-only", "read-only folder (a file system mounted so)", expected, () => ({
    refuse: "ro",
    allow: "rw",
  }));
}

/** A run in a file system that refuses to be written for a while. */
async function onTmpfs(context, name, fault, expected, optionsFor) {
  const { lab } = context;
  if (!isRoot) return { fault, skipped: "only root can mount a file system" };
  const mount = join(lab, `mount-${name}`);
  mkdirSync(mount);
  const remount = (options) => spawnSync("mount", ["-o", `remount,${options}`, mount], { encoding: "utf8" });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", mount], { encoding: "utf8" });
  if (mounted.status !== 0)
    return { fault, skipped: `mount: ${(mounted.stderr ?? mounted.error?.message ?? "").trim()}` };
  try {
    const run = join(mount, "run");
    cpSync(context.template, run, { recursive: true });
    const { refuse, allow } = optionsFor(mount);
    const refused = remount(refuse);
    if (refused.status !== 0) return { fault, skipped: `remount: ${(refused.stderr ?? "").trim()}` };
    const before = (await newest(run)).checkpoint.state.step;
    const ended = await simclr(lab, run);
    const after = (await newest(run)).checkpoint.state.step;
    const count = await lost(run);
    remount(allow);
    const { problems } = await finish(context, run);
    return {
      fault,
      times: 1,
      lost: steps(count),
      message: message(ended, lab),
      exit: ended.status,
      problems: [
        ...expectStatus(ended, 1, lab),
        ...expectText(ended, expected, lab),
        ...(after >= before ? [] : [`the checkpoint of step ${before} is gone`]),
        ...atMost(count, 1, "steps lost"),
        ...problems,
      ],
    };
  } finally {
    spawnSync("umount", ["-l", mount]);
  }
}

const newestFolder = (stage) =>
  join(
    stage,
    readdirSync(stage)
      .filter((name) => name.startsWith("step-"))
      .sort()
      .at(-1),
  );

function bytesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => {
    return sum + Math.ceil(statSync(join(entry.parentPath ?? entry.path, entry.name)).size / 4096) * 4096;
  }, 0);
}

/** Cuts every file of the newest checkpoint, at all bytes of its edges and many between. */
export async function cut(context) {
  const { lab, cuts, random } = context;
  const run = copyOf(context, "cut");
  const folder = newestFolder(join(run, "pretrain"));
  const step = Number(folder.slice(-8));
  const problems = [];
  let count = 0;
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const whole = readFileSync(path);
    for (const length of prefixes(whole, file, cuts, random)) {
      writeFileSync(path, whole.subarray(0, length));
      count++;
      problems.push(...(await passedOver(run, step, file, `${file} cut at byte ${length}`)));
    }
    rmSync(path);
    count++;
    problems.push(...(await passedOver(run, step, file, `${file} missing`)));
    writeFileSync(path, whole);
  }
  truncateSync(join(folder, "weights.safetensors"), 1000);
  const { ended, problems: notEqual } = await finish(context, run);
  if (ended) problems.push(...expectText(ended, /warning: passing over .*weights\.safetensors is cut short/, lab));
  return {
    fault: "newest checkpoint cut: every class of prefix of every file, and each file missing",
    times: count,
    lost: "1 step: the one before is used",
    message: ended ? message(ended, lab) : "",
    exit: ended ? "goes on" : "",
    problems: [...problems.slice(0, 5), ...notEqual],
  };
}

/** Nothing, one byte, the length of a header and its parts, its end, the end of the file, each ± 1; and some between. */
function prefixes(whole, file, cuts, random) {
  const size = whole.length;
  const header = file.endsWith(".safetensors") ? 8 + Number(whole.readBigUInt64LE(0)) : Math.floor(size / 2);
  const edges = [0, 1, 7, 8, 9, header - 1, header, header + 1, size - 2, size - 1];
  const between = Array.from({ length: cuts }, () => Math.floor(random() * size));
  // The last byte of checkpoint.json is a newline, without which it says the same.
  const least = file === "checkpoint.json" ? 1 : 0;
  return [...new Set([...edges, ...between])].filter((length) => length >= 0 && length < size - least);
}

/** The newest checkpoint is refused, with the name of the file, and the one before is given. */
async function passedOver(run, step, file, what) {
  const { checkpoint, damaged } = await newest(run);
  const names = damaged.some(({ error }) => error.message.includes(file));
  return checkpoint?.state.step === step - 1 && names ? [] : [`${what}: not passed over, or not named`];
}

/** Turns one bit over, in many places of the newest checkpoint. */
export async function flip(context) {
  const { lab, flips, random, isShort } = context;
  const run = copyOf(context, "flipped");
  const folder = newestFolder(join(run, "pretrain"));
  const step = Number(folder.slice(-8));
  const files = readdirSync(folder).map((name) => ({ name, whole: readFileSync(join(folder, name)) }));
  const problems = [];
  for (let i = 0; i < flips; i++) {
    // A file by lot, whatever its size, so that the small one is hit as often as the large ones.
    const file = files[Math.floor(random() * files.length)];
    const at = Math.floor(random() * file.whole.length);
    const changed = Buffer.from(file.whole);
    changed[at] ^= 1 << Math.floor(random() * 8);
    writeFileSync(join(folder, file.name), changed);
    problems.push(...(await passedOver(run, step, file.name, `bit flipped in byte ${at} of ${file.name}`)));
    writeFileSync(join(folder, file.name), file.whole);
  }
  const last = Buffer.from(files.at(-1).whole);
  last[last.length - 5] ^= 4;
  writeFileSync(join(folder, files.at(-1).name), last);
  const { ended, problems: notEqual } = isShort ? { problems: [] } : await finish(context, run);
  if (ended) problems.push(...expectText(ended, /warning: passing over .* was altered/, lab));
  return {
    fault: "one bit flipped in the newest checkpoint, at random places",
    times: flips,
    lost: "1 step: the one before is used",
    message: ended ? message(ended, lab) : "as where a file is cut",
    exit: "goes on",
    problems: [...problems.slice(0, 5), ...notEqual],
  };
}

export async function workersKilled(context) {
  const { lab } = context;
  const run = join(lab, "workers");
  const when = join(run, "pretrain/metrics.jsonl");
  const options = { imports: [KILL_WORKERS], env: { FAULT_WORKERS_WHEN: when }, ...untilPretrained(run) };
  const ended = await simclr(lab, run, options);
  const count = await lost(run);
  const survived = isPretrained(run);
  const { problems } = survived
    ? { problems: (await isUndisturbed(run, context)) ? [] : ["the run is not the undisturbed one"] }
    : await finish(context, run);
  return {
    fault: "the loader's worker threads end",
    times: 1,
    lost: survived ? "nothing" : steps(count),
    message: survived ? "none: new ones take over" : message(ended, lab),
    exit: survived ? "goes on" : ended.status,
    problems: [
      ...expectText(ended, /fault: [1-9]\d* workers? ended/, lab),
      ...(survived ? [] : expectStatus(ended, 1, lab)),
      ...(/this is a defect of simclr/.test(ended.stderr) ? ["the error is not named"] : []),
      ...atMost(count, 1, "steps lost"),
      ...problems,
    ],
  };
}

export async function notANumber(context) {
  const { lab } = context;
  const run = copyOf(context, "nan");
  const { checkpoint } = await newest(run);
  const at = checkpoint.state.step + 2;
  const ended = await simclr(lab, run, { env: { FAULT_NAN_AT: String(at) } });
  const after = (await latestCheckpoint(join(run, "pretrain"))).checkpoint.state;
  const finite = Object.values(after.weights).every(({ data }) => data.every(Number.isFinite));
  const count = await lost(run);
  const { problems } = await finish(context, run);
  return {
    fault: "NaN in a weight, in the middle of training",
    times: 1,
    lost: steps(count),
    message: message(ended, lab),
    exit: ended.status,
    problems: [
      ...expectStatus(ended, 1, lab),
      ...expectText(ended, /expected a finite number|not finite/, lab),
      ...(finite ? [] : ["the checkpoint holds NaN"]),
      ...atMost(count, 1, "steps lost"),
      ...problems,
    ],
  };
}
