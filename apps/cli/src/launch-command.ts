import { spawn } from "node:child_process";
import { ConfigError } from "@simclr/core";
import { availableCores } from "@simclr/core/node";
import { type Host, launcherOf, launchLine, withoutLauncher } from "@simclr/distributed/node";

export interface LaunchCommandOptions {
  readonly ranks?: number;
  readonly hosts?: string;
  readonly mpi: "openmpi" | "mpich";
  readonly threads?: number;
  readonly interface?: string;
  readonly dryRun?: boolean;
}

/** `simclr launch`: starts `simclr` with these arguments on several ranks, and ends as they do. */
export async function launchCommand(args: readonly string[], options: LaunchCommandOptions): Promise<number> {
  const hosts = options.hosts === undefined ? [] : readHosts(options.hosts);
  const placed = hosts.reduce((sum, { ranks }) => sum + ranks, 0);
  const ranks = options.ranks ?? (placed || 2);
  const onThisMachine = hosts.length === 0 ? ranks : Math.max(...hosts.map((host) => host.ranks));
  const threadsPerRank = options.threads ?? Math.max(1, Math.floor(availableCores() / onThisMachine));
  const { command, args: line } = launchLine([process.execPath, process.argv[1]!, ...args], {
    ranks,
    hosts,
    family: options.mpi === "mpich" ? "MPICH" : "Open MPI",
    threadsPerRank,
    ...(options.interface && { interface: options.interface }),
  });
  if (options.dryRun) {
    process.stdout.write(`${[command, ...line].map(quoted).join(" ")}\n`);
    return 0;
  }
  return new Promise((resolve, reject) => {
    // In a process group of its own, so that Ctrl-C does not reach the launcher, which would end its ranks before they have
    // written a checkpoint. It passes SIGUSR1 on to them, at which they do; a second Ctrl-C ends them at once.
    const stdio = ["ignore", "inherit", "inherit"] as const;
    const child = spawn(command, line, {
      stdio: [...stdio],
      env: launcherOf() ? withoutLauncher() : process.env,
      detached: true,
    });
    let stops = 0;
    const stop = (): void => void child.kill(stops++ === 0 ? "SIGUSR1" : "SIGTERM");
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    child.on("error", (error: NodeJS.ErrnoException) => reject(missing(error, command, options.mpi)));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function readHosts(text: string): Host[] {
  return text.split(",").map((each) => {
    const [, name, count = "1"] = /^([^:]+)(?::(\d+))?$/.exec(each.trim()) ?? [];
    if (name !== undefined && Number(count) >= 1) return { name, ranks: Number(count) };
    throw new ConfigError(`--hosts: "${each}" must be NAME or NAME:RANKS, such as node1:4,node2:4.`, {
      subject: "hosts",
    });
  });
}

function missing(error: NodeJS.ErrnoException, command: string, mpi: "openmpi" | "mpich"): Error {
  if (error.code !== "ENOENT") return error;
  const name = mpi === "mpich" ? "mpich" : "openmpi-bin";
  return new ConfigError(
    `Cannot start ranks: the command ${command} is missing. Install MPI, on Debian with \`apt-get install -y ${name}\`.`,
    { subject: command, cause: error },
  );
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
