import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formats } from "./formats.mjs";

const USAGE = `npm run fuzz -- [--format ${Object.keys(formats).join(",")}] [--count 10000] [--seed 1] [--case N] [--messages]`;

/** A case that shows no progress for so long hangs. Parquet has its own limit of 10 s, which ends with an error. */
const HANG_MS = 180_000;

/** Cases of one process: peaks of memory are of a process. */
const CASES_PER_PROCESS = 2000;

/** Runs the cases of formats, each in a process of its own; gives the exit code. */
export async function main(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      format: { type: "string" },
      count: { type: "string" },
      seed: { type: "string" },
      case: { type: "string" },
      messages: { type: "boolean" },
    },
  });
  const names = values.format?.split(",") ?? Object.keys(formats);
  const unknown = names.find((name) => formats[name] === undefined);
  if (unknown !== undefined) {
    console.error(`fuzz: there is no format "${unknown}". ${USAGE}`);
    return 2;
  }
  const seed = Number(values.seed ?? 1);
  let failures = 0;
  for (const name of names) {
    const [first, end] =
      values.case === undefined ? [0, Number(values.count ?? 10_000)] : [Number(values.case), Number(values.case) + 1];
    const total = await runFormat(name, seed, first, end);
    failures += total.failures.length;
    console.log(
      `${name.padEnd(12)} seed ${seed}: ${total.cases} cases, ${total.accepted} read, ${total.refused} refused by name (${total.messages.size} kinds of messages), ${total.failures.length} failed; peak memory ${total.maxRssMegabytes.toFixed(0)} MB, largest allocation ${(total.largestBytes / 1024).toFixed(0)} kB, ${total.seconds.toFixed(0)} s`,
    );
    for (const failure of total.failures.slice(0, 10))
      console.log(`  failed: --format ${name} --seed ${seed} --case ${failure.case}: ${failure.problem}`);
    if (values.messages || values.case !== undefined)
      for (const [kind, count] of [...total.messages].sort((a, b) => b[1] - a[1]))
        console.log(`  ${String(count).padStart(6)} ${kind}`);
  }
  return failures === 0 ? 0 : 1;
}

async function runFormat(name, seed, first, end) {
  const total = {
    cases: 0,
    accepted: 0,
    refused: 0,
    failures: [],
    messages: new Map(),
    maxRssMegabytes: 0,
    largestBytes: 0,
    seconds: 0,
  };
  const start = Date.now();
  for (let from = first; from < end; ) {
    const to = Math.min(from + CASES_PER_PROCESS, end);
    const result = await runProcess({ format: name, seed, first: from, end: to });
    if (result.stopped === undefined) {
      add(total, result);
      from = to;
      continue;
    }
    // Once more, in pieces, to the case that hangs or crashes; it is left out then.
    if (to - from > 1) {
      const half = from + Math.ceil((to - from) / 2);
      for (const [a, b] of [
        [from, half],
        [half, to],
      ])
        merge(total, await runFormat(name, seed, a, b));
    } else {
      total.cases++;
      total.failures.push({ case: from, problem: result.stopped });
    }
    from = to;
  }
  total.seconds = (Date.now() - start) / 1000;
  return total;
}

function runProcess(task) {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL("child.mjs", import.meta.url)), {
      execArgv: ["--import", new URL("allocations.mjs", import.meta.url).href],
    });
    let timer;
    let result;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        result = { stopped: `hung for ${HANG_MS / 1000} s` };
        child.kill("SIGKILL");
      }, HANG_MS);
    };
    watch();
    child.on("message", (message) => {
      watch();
      if (message.at === undefined) result = message;
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(result ?? { stopped: `the process ended with ${signal ?? `code ${code}`}` });
    });
    child.send(task);
  });
}

function add(total, result) {
  merge(total, { ...result, messages: new Map(result.messages) });
}

function merge(total, part) {
  for (const key of ["cases", "accepted", "refused"]) total[key] += part[key];
  total.failures.push(...part.failures);
  for (const [kind, count] of part.messages) total.messages.set(kind, (total.messages.get(kind) ?? 0) + count);
  for (const key of ["maxRssMegabytes", "largestBytes"]) total[key] = Math.max(total[key], part[key]);
}
