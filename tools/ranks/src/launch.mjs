// Starts `steps.mjs` on ranks of this machine, or of network namespaces that stand for machines, and compares results.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchLine, withoutLauncher } from "@simclr/distributed/node";

const STEPS = fileURLToPath(new URL("./steps.mjs", import.meta.url));

const COMMANDS = { "Open MPI": "mpirun.openmpi", MPICH: "mpiexec.hydra" };

/** The families of MPI that are installed; says which are not. */
export function installedFamilies() {
  return Object.keys(COMMANDS).filter((family) => {
    const found = spawnSync("sh", ["-c", `command -v ${COMMANDS[family]}`]).status === 0;
    if (!found) console.warn(`SKIPPED: ${family} is not installed (apt-get install -y openmpi-bin mpich)`);
    return found;
  });
}

/**
 * Runs a program on ranks; kills all of them after `limitSeconds`.
 *
 * @param hosts - From `hosts.mjs`; this machine where undefined.
 * @returns its exit code, all it wrote, and seconds until its end.
 */
function launch(program, { ranks, threads = 1, family = "Open MPI", hosts, env = {}, limitSeconds = 120, onStart }) {
  const line = launchLine([process.execPath, ...program], {
    ...{ ranks, family, threadsPerRank: threads },
    ...(hosts && {
      hosts: hosts.names.map((name) => ({ name, ranks: ranks / hosts.names.length })),
      interface: "eth0",
    }),
  });
  const alone = ranks === 1 && hosts === undefined;
  let command = alone ? process.execPath : family === "MPICH" ? line.command : COMMANDS[family];
  let args = alone ? program : [...line.args];
  if (hosts) [command, ...args] = hosts.command([command, ...args]);
  const began = performance.now();
  const child = spawn(command, args, {
    // A rank that waits gives its processor to one that works: tests start more ranks than there are processors.
    env: {
      ...withoutLauncher(),
      SIMCLR_NUM_THREADS: `${threads}`,
      OMPI_MCA_mpi_yield_when_idle: "1",
      ...hosts?.environment,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text) => {
      output += text;
    });
  const timer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), 1000 * limitSeconds);
  onStart?.(child, () => output);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal, output, seconds: (performance.now() - began) / 1000 });
    });
  });
}

/** What `steps.mjs` wrote, by task. */
export async function steps(settings, where) {
  const folder = mkdtempSync(join(tmpdir(), "simclr-ranks-"));
  try {
    const file = join(folder, "result.json");
    const { code, output } = await launch([STEPS, file, JSON.stringify(settings)], where);
    if (code !== 0) throw new Error(`${JSON.stringify(where)} ended with ${code}:\n${output}`);
    const { size, results } = JSON.parse(readFileSync(file, "utf8"));
    if (size !== where.ranks) throw new Error(`${size} ranks ran, expected ${where.ranks}`);
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Largest difference, relative to the largest number expected. */
export function difference(actual, expected) {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, expected ${expected.length}`);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0) / largest;
}
