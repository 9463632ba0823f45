import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { withoutLauncher } from "../src/launcher.js";

/** How each family of MPI starts ranks; `MPICH` is found under its own name beside Open MPI. */
const LAUNCHERS = {
  "Open MPI": {
    command: "mpirun.openmpi",
    options: ["--bind-to", "none", "--oversubscribe"],
    library: "libmpi.so.40",
  },
  MPICH: { command: "mpiexec.hydra", options: [], library: "libmpich.so.12" },
} as const;
const AS_ROOT = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };

export type Family = keyof typeof LAUNCHERS;

/** The families whose launcher is installed; says which are not. */
export function installedFamilies(): Family[] {
  const families = Object.keys(LAUNCHERS) as Family[];
  return families.filter((family) => {
    const found = spawnSync("sh", ["-c", `command -v ${LAUNCHERS[family].command}`]).status === 0;
    if (!found) console.warn(`SKIPPED: ${family} is not installed (apt-get install -y openmpi-bin mpich)`);
    return found;
  });
}

/** The environment of a process that is the only rank of this family, started by no launcher. */
export const environmentAlone = (family: Family): NodeJS.ProcessEnv => ({
  ...withoutLauncher(),
  ...AS_ROOT,
  SIMCLR_MPI_LIBRARY: LAUNCHERS[family].library,
});

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
}

/** Starts `ranks` processes of `test/<script>` and waits for their end; kills all of them after `limitSeconds`. */
export function launch(
  family: Family,
  ranks: number,
  script: string,
  { args = [] as string[], env = {}, limitSeconds = 60 } = {},
): Promise<Ended> {
  const { command, options } = LAUNCHERS[family];
  const file = fileURLToPath(new URL(script, import.meta.url));
  const began = performance.now();
  const child = spawn(command, [...options, "-n", String(ranks), process.execPath, file, ...args], {
    env: { ...withoutLauncher(), ...AS_ROOT, ...env },
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 1000 * limitSeconds);
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output, seconds: (performance.now() - began) / 1000 });
    });
  });
}
