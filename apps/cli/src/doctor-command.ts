import { spawn } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { AUTO_ORDER } from "@simclr/backends";
import { availableMemory } from "@simclr/pipeline";
import { FACT_INDENT } from "./backend-command.js";
import { doctorTables } from "./tables.js";

export interface DoctorCommandOptions {
  readonly json?: boolean;
}

/** What was found of one backend. */
interface BackendDiagnosis {
  readonly name: string;
  /** Whether it loads and computes what a plain loop computes. */
  readonly isUsable: boolean;
  /** What it runs on, or why it cannot be used and what helps. */
  readonly details: string;
  /** Device, driver, versions and memory, as far as it can be used. */
  readonly facts: Readonly<Record<string, string>>;
}

/** What `simclr doctor --json` prints. */
export interface Diagnosis {
  readonly system: Readonly<Record<string, string>>;
  readonly backends: readonly BackendDiagnosis[];
  /** What `backend: auto` takes, and what it says of it. */
  readonly auto: BackendDiagnosis;
  /** Programs that start several ranks, with the line that names their version; undefined where there is none. */
  readonly launchers: Readonly<Record<string, string | undefined>>;
}

const BIN = fileURLToPath(new URL("./bin.js", import.meta.url));
const LAUNCHERS = { "Open MPI": "mpirun.openmpi", MPICH: "mpirun.mpich" };

/** `simclr doctor`. Gives the exit status: 1 where there is nothing but the slow `cpu`. */
export async function doctorCommand({ json = false }: DoctorCommandOptions): Promise<number> {
  const backends: BackendDiagnosis[] = [];
  // One after another, each in a process of its own: a driver that crashes takes nothing with it.
  for (const name of AUTO_ORDER) backends.push(await diagnose(name));
  const diagnosis: Diagnosis = {
    system: systemFacts(),
    backends,
    auto: await diagnose("auto"),
    launchers: Object.fromEntries(
      await Promise.all(
        Object.entries(LAUNCHERS).map(async ([family, program]) => [family, await versionLine(program)]),
      ),
    ),
  };
  process.stdout.write(json ? `${JSON.stringify(diagnosis, null, 2)}\n` : `${doctorTables(diagnosis)}\n`);
  return backends.some(({ name, isUsable }) => isUsable && name !== "cpu") ? 0 : 1;
}

function systemFacts(): Record<string, string> {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const [processor] = cpus();
  return {
    "Node.js": process.versions.node,
    system: `${process.platform} ${release()}, ${process.arch}`,
    processor: `${processor?.model.trim() ?? "unknown"}, ${cpus().length} cores`,
    memory: `${gigabytes(availableMemory())} free of ${gigabytes(totalmem())}`,
  };
}

/** Runs `simclr backend NAME`, which loads it and checks its arithmetic. */
async function diagnose(name: string): Promise<BackendDiagnosis> {
  const { status, stdout, stderr } = await run(process.execPath, [BIN, "backend", name], { NO_COLOR: "1" });
  if (status === 0) {
    const [, chosen, details] = /^(\w+): (.*)$/m.exec(stdout) ?? [];
    return { name: chosen ?? name, isUsable: true, details: details ?? stdout.trim(), facts: factsIn(stdout) };
  }
  // Drivers print lines of their own before.
  const said = stderr
    .slice(Math.max(stderr.lastIndexOf("error: "), 0))
    .replace(/^error: /, "")
    .trim();
  const details = said === "" ? `it ended the process (${status ?? "by a signal"})` : said;
  return { name, isUsable: false, details, facts: {} };
}

function factsIn(stdout: string): Record<string, string> {
  const lines = stdout.split("\n").filter((line) => line.startsWith(FACT_INDENT));
  const pairs = lines.map((line) => /^(.+?): (.*)$/.exec(line.slice(FACT_INDENT.length)));
  return Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1]!, pair[2]!]])));
}

/** The first line of `--version` with a number of the kind 4.1. */
async function versionLine(command: string): Promise<string | undefined> {
  const { status, stdout } = await run(command, ["--version"], {});
  if (status !== 0) return undefined;
  const line = stdout.split("\n").find((each) => /\d+\.\d+/.test(each)) ?? "of an unknown version";
  return line.trim().replaceAll(/\s+/g, " ");
}

/** What a program says; a program that cannot be started ends with -1. */
function run(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(command, [...args], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => {
      stdout += text;
    });
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    child.on("error", ({ message }) => resolve({ status: -1, stdout, stderr: message }));
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
