import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { checkPrintedJson } from "./printed-json.js";

const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));

/** How the command ended, and all that it said. */
export interface Ended {
  /** null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Sees the standard error as it grows. */
export type Watch = (stderr: string, child: ChildProcess) => void;

/** Runs the built command as a user would, in the folder `cwd`; what it prints with `--json` must be as its schema says. */
export function spawnSimclr(
  args: readonly string[],
  { cwd, watch }: { readonly cwd: string; readonly watch?: Watch | undefined },
): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: "1", SIMCLR_NUM_THREADS: "1" };
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
    watch?.(stderr, child);
  });
  return new Promise((resolve, reject) =>
    child.on("close", (status) => {
      try {
        checkPrintedJson(args, stdout);
      } catch (error) {
        reject(error);
      }
      resolve({ status, stdout, stderr });
    }),
  );
}
