// What happens to a run of several ranks when one of them fails, or the network does: one line a fault. Each is done to the real
// command, `simclr launch`; then the same command runs again without the fault, on as many ranks and on one.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostsMissing, makeHosts } from "../../tools/ranks/src/hosts.mjs";
import { root } from "../tools.mjs";
import { digests, latestCheckpoint, losses, message, stageOf } from "./lab.mjs";

const BIN = join(root, "apps/cli/dist/bin.js");
/**
 * Longest wait for another rank; more than the launcher's keepalive, which finds a dead link in about 11 s, and than the 30 s for
 * which a host must be silent before its lock is free.
 */
const STALL_SECONDS = { here: 6, hosts: 60 };
/** Nothing here may take longer from the fault to its end. */
const LIMIT_SECONDS = 90;
/** Steps after which the fault happens. */
const FAULT_AT = 5;
/** Allowed between the runs of two ranks and of one, relative to the largest weight and to each loss. */
const OTHER_RANKS = 1e-6;

/** Between hosts Open MPI's launcher alone is told to notice a dead link. */
const FAMILIES = [
  { name: "Open MPI", mpi: "openmpi", command: "mpirun.openmpi", debian: "openmpi-bin", hasHosts: true },
  { name: "MPICH", mpi: "mpich", command: "mpiexec.hydra", debian: "mpich", hasHosts: false },
];

/** The faults that a rank brings on itself (hook.mjs), or that are done from outside. */
const FAULTS = [
  { fault: "SIGKILL of a rank", inside: "kill", codes: [137] },
  { fault: "exception on a rank", inside: "throw", codes: [70], says: /out of luck/ },
  { fault: "exception with a collective in flight", inside: "throw in flight", codes: [70], says: /out of luck/ },
  { fault: "SIGSTOP of a rank", inside: "stop", codes: [137], says: /watchdog: process \d+ has not gone on/ },
  { fault: "early exit of a rank, with code 0", inside: "exit", codes: [137, 1] },
  { fault: "SIGTERM of the launcher (Ctrl-C is alike)", outside: ({ child }) => child.kill("SIGTERM"), codes: [0] },
  { fault: "network link of a host down", hosts: true, outside: ({ hosts }) => hosts.cut(hosts.names[1]) },
  { fault: "host dead", hosts: true, outside: ({ hosts }) => hosts.crash(hosts.names[1]) },
];
const SHORT = ["kill", "throw in flight"];

/**
 * The rows of the table.
 *
 * @param only - `openmpi` or `mpich`; both where undefined.
 */
export async function rankFaults({ lab, totalSteps, isShort, only, say }) {
  const config = readFileSync(join(lab, "config.yaml"), "utf8")
    .replace(/optimizer: \{ name: adamw[^}]*\}/, "optimizer: { name: momentum, learningRate: 0.001 }")
    .replace("pretrain:\n", "method: { temperature: 0.5 }\npretrain:\n")
    .replace(/ {2}averageDecay.*\n/, "");
  writeFileSync(join(lab, "ranks.yaml"), config);
  const rows = [];
  const families = only ? FAMILIES.filter(({ mpi }) => mpi === only) : FAMILIES;
  for (const family of isShort ? families.slice(0, 1) : installed(families, say))
    rows.push(...(await faultsOf(family, { lab, totalSteps, isShort, say })));
  return rows;
}

/** Those that are installed; says which are not. */
function installed(families, say) {
  return families.filter(({ name, command, debian }) => {
    const found = spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
    if (!found) say(`SKIPPED: ${name} is not installed (apt-get install -y ${debian})`);
    return found;
  });
}

async function faultsOf(family, { lab, totalSteps, isShort, say }) {
  const undisturbed = join(lab, `two-ranks-${family.mpi}`);
  const ended = await launched(lab, undisturbed, { family });
  if (ended.status !== 0 || losses(undisturbed).length !== totalSteps)
    throw new Error(`two undisturbed ranks of ${family.name} ended with ${ended.status}: ${ended.stderr}`);
  const rows = [];
  const missing = hostsMissing();
  for (const each of FAULTS) {
    if (isShort && !SHORT.includes(each.inside)) continue;
    if (each.hosts && !family.hasHosts) continue;
    const row =
      each.hosts && missing ? { fault: each.fault, skipped: missing } : await line(each, { lab, undisturbed, family });
    rows.push({ family: family.name, ...row });
    say(
      `${family.name}, ${row.fault}: ${row.skipped ? `SKIPPED: ${row.skipped}` : row.problems.length > 0 ? "FAILED" : "ok"}`,
    );
    for (const problem of row.problems ?? []) say(`  ${problem}`);
  }
  return rows;
}

async function line({ fault, inside, outside, hosts: onHosts, codes, says }, { lab, undisturbed, family }) {
  const run = join(lab, `${family.mpi}-${fault.replaceAll(/\W+/g, "-")}`);
  const hosts = onHosts ? makeHosts(2) : undefined;
  try {
    const ended = await launched(lab, run, { family, inside, outside, hosts });
    const problems = [];
    if (ended.secondsAfter === undefined) problems.push(`the fault did not happen: ${message(ended, lab)}`);
    if (ended.status === "limit") problems.push(`did not end within ${LIMIT_SECONDS} s`);
    if (!codeFits(ended.status, codes, family)) problems.push(`ended with ${ended.status}`);
    if (says && !says.test(ended.stderr)) problems.push(`does not say ${says}: ${message(ended, lab)}`);
    const left = spawnSync("pgrep", ["-f", run], { encoding: "utf8" }).stdout.trim();
    if (left !== "") problems.push(`processes are left: ${left.replaceAll("\n", ", ")}`);
    const { checkpoint } = await latestCheckpoint(stageOf(run));
    const lost = losses(run).length - (checkpoint?.state.step ?? 0);
    if (lost > 1) problems.push(`${lost} steps lost`);

    const onOne = `${run}-on-one`;
    cpSync(run, onOne, { recursive: true });
    const resumed = await launched(lab, run, { family, waits: onHosts });
    if (resumed.status !== 0) problems.push(`going on ended with ${resumed.status}: ${message(resumed, lab)}`);
    const equal =
      JSON.stringify(losses(run)) === JSON.stringify(losses(undisturbed)) &&
      (await digests(run)) === (await digests(undisturbed));
    if (!equal) problems.push("on two ranks the resumed run is not the undisturbed one");
    await launched(lab, onOne, { family, ranks: 1, waits: onHosts });
    const distance = await distanceOf(onOne, undisturbed);
    if (!(distance <= OTHER_RANKS)) problems.push(`on one rank the resumed run is ${distance} away`);
    return {
      fault,
      seconds: ended.secondsAfter?.toFixed(1),
      exit: ended.status,
      lost: `${lost} ${lost === 1 ? "step" : "steps"}`,
      message: said(ended, says, lab),
      same: equal ? "bit for bit" : "NO",
      other: distance.toExponential(0),
      problems,
    };
  } finally {
    hosts?.remove();
  }
}

/** MPICH's launcher has codes of its own for ranks that were killed. */
function codeFits(status, codes, family) {
  if (codes?.includes(status)) return true;
  return status !== 0 && status !== "limit" && (codes === undefined || (family.mpi === "mpich" && !codes.includes(0)));
}

/** Our own line of all that the launcher and the ranks said. */
function said(ended, says, lab) {
  const told = ended.stderr.split("\n").find((text) => says?.test(text) || /: stopped at step/.test(text));
  return told === undefined ? "the launcher's own" : message({ stderr: told }, lab).replace(/process \d+/, "process …");
}

/** Largest difference of the losses, each relative to itself, and of the last weights, relative to the largest of them. */
async function distanceOf(run, other) {
  const [a, b] = [losses(run), losses(other)];
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const states = await Promise.all([run, other].map((each) => latestCheckpoint(stageOf(each))));
  const [weights, expected] = states.map(({ checkpoint }) => checkpoint.state.weights);
  let [largest, off] = [0, 0];
  for (const [name, { data }] of Object.entries(expected)) {
    for (const [i, value] of data.entries()) {
      largest = Math.max(largest, Math.abs(value));
      off = Math.max(off, Math.abs(value - weights[name].data[i]));
    }
  }
  const ofLosses = a.map((loss, step) => Math.abs(loss / b[step] - 1));
  return Math.max(...ofLosses, off / largest);
}

/** Pretrains on ranks until the command ends; the fault happens after some steps. `waits`: for the lock of a host that died. */
function launched(lab, run, { family, ranks = 2, inside, outside, hosts, waits = hosts !== undefined }) {
  const places = hosts
    ? ["--hosts", hosts.names.map((name) => `${name}:1`).join(","), "--interface", "eth0"]
    : ["-n", String(ranks)];
  const launch = ranks === 1 ? [] : ["launch", "--mpi", family.mpi, ...places, "--threads", "1"];
  const own = [process.execPath, BIN, ...launch, "pretrain", join(lab, "ranks.yaml"), "-o", run];
  const [command, ...args] = hosts ? hosts.command(own) : own;
  const child = spawn(command, args, {
    cwd: lab,
    env: {
      ...process.env,
      ...hosts?.environment,
      NO_COLOR: "1",
      SIMCLR_NUM_THREADS: "1",
      OMPI_MCA_mpi_yield_when_idle: "1", // a rank that waits gives its processor to one that works
      SIMCLR_STALL_SECONDS: String(waits ? STALL_SECONDS.hosts : STALL_SECONDS.here),
      ...(inside && { FAULT_ON_RANK: inside, FAULT_AT: String(FAULT_AT) }),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  let faultAt;
  let limit;
  const happened = () => {
    faultAt = performance.now();
    limit = setTimeout(() => {
      stderr += "\nlimit";
      spawnSync("pkill", ["-KILL", "-f", run]);
    }, 1000 * LIMIT_SECONDS);
  };
  const timer = setInterval(() => {
    if (faultAt !== undefined || losses(run).length < FAULT_AT) return;
    if (!inside && !outside) return;
    happened();
    outside?.({ child, hosts });
  }, 5);
  return new Promise((resolve) => {
    child.on("close", (status, signal) => {
      clearInterval(timer);
      clearTimeout(limit);
      const secondsAfter = faultAt && (performance.now() - faultAt) / 1000;
      resolve({ status: stderr.endsWith("\nlimit") ? "limit" : (status ?? signal), stderr, secondsAfter });
    });
  });
}
