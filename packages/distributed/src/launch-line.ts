import { fileURLToPath } from "node:url";
import { checkInteger, InvalidArgumentError } from "@simclr/core";

export interface Host {
  readonly name: string;
  /** Ranks on this host, >= 1. */
  readonly ranks: number;
}

export interface LaunchOptions {
  /** Ranks in all, >= 1. */
  readonly ranks: number;
  /** Where they run; by default all on this machine. Their ranks must add up to `ranks`. */
  readonly hosts?: readonly Host[];
  /** @defaultValue "Open MPI" */
  readonly family?: "Open MPI" | "MPICH";
  /** Threads of each rank's backend, >= 1. */
  readonly threadsPerRank: number;
  /** The network between the hosts, as a name or a subnet, where they have several. */
  readonly interface?: string;
  /** Whether this user is root, whom Open MPI refuses unless told. @defaultValue whether it is */
  readonly asRoot?: boolean;
}

/** A command to run, with its arguments. */
export interface LaunchLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** A dead link is noticed after about 10 s rather than 8 minutes. */
const KEEPALIVE = { oob_tcp_keepalive_time: 5, oob_tcp_keepalive_intvl: 2, oob_tcp_keepalive_probes: 3 };

/**
 * The command that starts `program` on several ranks: no binding to single cores, and between hosts a quick end when a link
 * dies and the ring for large all-reduces, which Open MPI would not choose on Ethernet.
 *
 * @param program - Command and arguments of every rank.
 * @throws InvalidArgumentError if the numbers do not fit together.
 */
export function launchLine(program: readonly string[], options: LaunchOptions): LaunchLine {
  const { ranks, hosts = [], family = "Open MPI", threadsPerRank } = options;
  checkInteger("launchLine", { ranks }, 1);
  checkInteger("launchLine", { threadsPerRank }, 1);
  for (const { name, ranks: own } of hosts) checkInteger("launchLine", { [`ranks of ${name}`]: own }, 1);
  const placed = hosts.reduce((sum, host) => sum + host.ranks, 0);
  if (hosts.length > 0 && placed !== ranks)
    throw new InvalidArgumentError(
      `launchLine: the hosts must have room for ${ranks} ranks together; they have ${placed}. Write each as NAME:RANKS.`,
      { subject: "hosts", expected: String(ranks), received: String(placed) },
    );
  const own = family === "MPICH" ? mpich(options) : openMpi(options);
  return { command: own.command, args: [...own.args, ...program] };
}

function openMpi({ ranks, hosts = [], threadsPerRank, asRoot, ...options }: LaunchOptions): LaunchLine {
  const settings: Record<string, string | number> = {};
  if (hosts.length > 1) {
    Object.assign(settings, KEEPALIVE, {
      coll_tuned_use_dynamic_rules: 1,
      coll_tuned_dynamic_rules_filename: fileURLToPath(new URL("../mpi/ring-from-1mb.conf", import.meta.url)),
    });
    if (options.interface !== undefined)
      Object.assign(settings, { btl_tcp_if_include: options.interface, oob_tcp_if_include: options.interface });
  }
  const root = asRoot ?? process.getuid?.() === 0;
  return {
    command: "mpirun",
    args: [
      ...(root ? ["--allow-run-as-root"] : []),
      ...["--bind-to", "none", "-n", String(ranks)],
      ...(hosts.length === 0 ? ["--oversubscribe"] : []), // more ranks than processors: the run itself warns
      ...(hosts.length > 0 ? ["--host", hosts.map((host) => `${host.name}:${host.ranks}`).join(",")] : []),
      ...["-x", `SIMCLR_NUM_THREADS=${threadsPerRank}`],
      ...Object.entries(settings).flatMap(([name, value]) => ["--mca", name, String(value)]),
    ],
  };
}

function mpich({ ranks, hosts = [], threadsPerRank, ...options }: LaunchOptions): LaunchLine {
  return {
    command: "mpiexec.hydra",
    args: [
      ...["-bind-to", "none", "-n", String(ranks)],
      ...(hosts.length > 0 ? ["-hosts", hosts.map((host) => `${host.name}:${host.ranks}`).join(",")] : []),
      ...(hosts.length > 1 && options.interface !== undefined ? ["-iface", options.interface] : []),
      ...["-genv", "SIMCLR_NUM_THREADS", String(threadsPerRank)],
    ],
  };
}
